#!/usr/bin/env bash
# The part windows in a fresh minimal Debian 12.
# 12 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

tests_in windows12 bookworm "tests/run.sh windows" "windows/ctest.xml windows/junit"
