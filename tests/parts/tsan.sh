#!/usr/bin/env bash
# The tests in C under ThreadSanitizer.
# 4 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

sanitized tsan
