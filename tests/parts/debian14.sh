#!/usr/bin/env bash
# Both commands in a fresh minimal Debian testing, which becomes Debian 14.
# 12 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

both_commands_in debian14 testing
