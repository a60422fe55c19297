# What the parts of tests/run.sh share: building a preset, and running its tests. To be sourced from
# tests/parts, by a script that stands in the checkout's root afterwards.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/machine.sh
. tests/support/machine.sh

# The compression libraries are what OpenSSL asks for when a program is linked statically.
test_packages=("${build_packages[@]}" g++ libgtest-dev zlib1g-dev libzstd-dev binutils python3-pytest
  python3-cryptography lua5.1 lua5.2 lua5.3 lua5.4 luajit lua-socket lua-sec lua-copas lua-cqueues
  lua-luv luarocks netbase openssl gnutls-bin curl python3-hypothesis python3-requests python3-uvloop)

# The tests that are written in C and C++.
c_labels='^(unit|engine|interop|fault|embed|abi)$'

# logged FILE command...: shows what the command says, and keeps it.
logged() {
  local log=$1
  shift
  "$@" 2>&1 | tee -a "$log"
}

build() { # PRESET cmake options...
  local preset=$1
  shift
  mkdir -p "build/$preset"
  : >"build/$preset/run.log"
  say "$preset: configuring"
  logged "build/$preset/run.log" cmake --preset "$preset" -DPython3_EXECUTABLE="$system_python" "$@"
  say "$preset: building"
  logged "build/$preset/run.log" cmake --build --preset "$preset"
}

run_ctest() { # PRESET ctest options...
  local preset=$1
  shift
  say "$preset: testing"
  rm -f "build/$preset/tests/junit/"*.xml "build/$preset/ctest.xml"
  logged "build/$preset/run.log" ctest --test-dir "build/$preset" --parallel "$(nproc)" \
    --output-on-failure --no-tests=error --output-junit "$PWD/build/$preset/ctest.xml" "$@"
}

# sanitized PRESET: the tests in C, of a build that finds more than their assertions do.
sanitized() {
  install_missing "${test_packages[@]}"
  build "$1"
  run_ctest "$1" --label-regex "$c_labels"
}

# The checkout as a stranger has it, as a tar.
sources() { tar --exclude=./build --exclude=./.git -cf - .; }
