#!/usr/bin/env bash
# What a connection costs, beside OpenSSL alone, ssl, LuaSec and guile-gnutls: tests/bench/run.py.
# 40 minutes, on a quiet machine; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/bench.sh
. tests/support/bench.sh

bench "$@"
