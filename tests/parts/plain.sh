#!/usr/bin/env bash
# Everything, as it is built for developing.
# 5 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

install_missing "${test_packages[@]}"
# Debian 12 has none of these: there Guile's tasks run under a scheduler of the examples alone.
install_available liblua5.5-dev lua5.5 guile-fibers
build dev
run_ctest dev
