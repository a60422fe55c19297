#!/usr/bin/env bash
# Everything, as it is built for developing.
# 5 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

install_missing "${test_packages[@]}"
# Debian 12 has none: there Guile's tasks run under a scheduler of the examples alone.
if apt-cache show guile-fibers >/dev/null 2>&1; then
  install_missing guile-fibers
fi
build dev
run_ctest dev
