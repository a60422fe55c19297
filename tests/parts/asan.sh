#!/usr/bin/env bash
# The tests in C under AddressSanitizer and UndefinedBehaviorSanitizer.
# 4 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

sanitized asan
