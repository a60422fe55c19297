#!/usr/bin/env bash
# Everything but what installs, and which lines of core/ it reached.
# 8 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

install_missing "${test_packages[@]}" gcovr
build coverage
find build/coverage -name '*.gcda' -delete
# What is installed for others is not instrumented: a plain program could not link it.
run_ctest coverage --label-exclude '^install$'
say "coverage: lines of core/"
logged build/coverage/run.log gcovr --root . --filter core/ --object-directory build/coverage
