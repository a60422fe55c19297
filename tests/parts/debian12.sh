#!/usr/bin/env bash
# Both commands, quickstart.sh and run.sh, in a fresh minimal Debian 12.
# 12 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

both_commands_in debian12 bookworm
