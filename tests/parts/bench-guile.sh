#!/usr/bin/env bash
# The part bench for Guile alone.
# 10 minutes, on a quiet machine; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/bench.sh
. tests/support/bench.sh

bench --language guile
