#!/usr/bin/env bash
# Built for Windows over SChannel, and run under Debian 12's Wine, which has clients only.
# 5 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/wine.sh
. tests/support/wine.sh

under_wine windows
