#!/usr/bin/env bash
# Searches inputs that break the library by libFuzzer, each target 10 s (RFCTLS_FUZZ_SECONDS).
# 3 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

# What this Debian calls just clang, with what -fsanitize=fuzzer and llvm-cov need.
install_missing "${test_packages[@]}" clang
version=$(clang -dumpversion)
version=${version%%.*}
install_missing "clang-$version" "libclang-rt-$version-dev" "llvm-$version"
build fuzz -DCMAKE_C_COMPILER="clang-$version" -DCMAKE_CXX_COMPILER="clang++-$version" \
  -DRFCTLS_FUZZ_SECONDS="${RFCTLS_FUZZ_SECONDS:-10}"
run_ctest fuzz --label-regex '^fuzz$'
