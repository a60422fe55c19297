#!/usr/bin/env bash
# Builds and runs the tests, and ends with one summary.
#
#   tests/run.sh [part...]
#
#   plain       everything, as it is built for developing (also when no part is named)
#   asan        the C tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan        the C tests under ThreadSanitizer
#   fuzz        searches inputs that break the library, each target 10 s (RFCTLS_FUZZ_SECONDS), by libFuzzer
#   coverage    everything but what installs, and which lines of core/ it reached
#   bench       what a connection costs, beside OpenSSL alone, ssl, LuaSec and guile-gnutls:
#               tests/bench/run.py; bench-c, bench-python, bench-lua, bench-guile: one of them
#   windows     built for Windows over SChannel, and run under Debian 12's Wine, which has clients only
#   wine10      the same under Debian 13's Wine, unpacked beside the system: servers, too
#   wheel       Python's package as pip builds it: its tests, and mypy; needs PyPI
#   debian12    both commands, quickstart.sh and run.sh, in a fresh minimal Debian 12
#   debian13    the same in Debian 13
#   windows12   the part windows in a fresh minimal Debian 12
#   pip12       pip install in a fresh minimal Debian 12; needs PyPI
#   pip13       the wheel of pip12 in a fresh minimal Debian 13
#
# Installs what is missing by apt (as root, or by sudo). Build trees, logs and JUnit files are kept
# under build/. The exit code is 0 only if every part ran and no test failed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/support/machine.sh
. tests/support/machine.sh

c_labels='^(unit|engine|interop|fault|embed|abi)$'
# The compression libraries are what OpenSSL asks for when a program is linked statically.
test_packages=("${build_packages[@]}" g++ libgtest-dev zlib1g-dev libzstd-dev binutils python3-pytest
  python3-cryptography lua5.1 lua5.2 lua5.3 lua5.4 luajit lua-socket lua-sec lua-copas lua-cqueues
  lua-luv luarocks netbase openssl gnutls-bin curl python3-hypothesis python3-requests python3-uvloop)

# What pip cannot bring.
wheel_packages=(gcc libc6-dev libssl-dev python3-dev)

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

# The checkout as a stranger has it, as a tar.
sources() { tar --exclude=./build --exclude=./.git -cf - .; }

run_ctest() { # PRESET ctest options...
  local preset=$1
  shift
  say "$preset: testing"
  rm -f "build/$preset/tests/junit/"*.xml "build/$preset/ctest.xml"
  logged "build/$preset/run.log" ctest --test-dir "build/$preset" --parallel "$(nproc)" \
    --output-on-failure --no-tests=error --output-junit "$PWD/build/$preset/ctest.xml" "$@"
}

part_plain() {
  install_missing "${test_packages[@]}"
  # Debian 12 has none: there Guile's tasks run under a scheduler of the examples alone.
  if apt-cache show guile-fibers >/dev/null 2>&1; then
    install_missing guile-fibers
  fi
  build dev
  run_ctest dev
}

part_asan() {
  install_missing "${test_packages[@]}"
  build asan
  run_ctest asan --label-regex "$c_labels"
}

part_tsan() {
  install_missing "${test_packages[@]}"
  build tsan
  run_ctest tsan --label-regex "$c_labels"
}

# What this Debian calls just clang, with what -fsanitize=fuzzer and llvm-cov need.
part_fuzz() {
  local version
  install_missing "${test_packages[@]}" clang
  version=$(clang -dumpversion)
  version=${version%%.*}
  install_missing "clang-$version" "libclang-rt-$version-dev" "llvm-$version"
  build fuzz -DCMAKE_C_COMPILER="clang-$version" -DCMAKE_CXX_COMPILER="clang++-$version" \
    -DRFCTLS_FUZZ_SECONDS="${RFCTLS_FUZZ_SECONDS:-10}"
  run_ctest fuzz --label-regex '^fuzz$'
}

part_coverage() {
  install_missing "${test_packages[@]}" gcovr
  build coverage
  find build/coverage -name '*.gcda' -delete
  # What is installed for others is not instrumented: a plain program could not link it.
  run_ctest coverage --label-exclude '^install$'
  say "coverage: lines of core/"
  logged build/coverage/run.log gcovr --root . --filter core/ --object-directory build/coverage
}

bench() {
  install_missing "${test_packages[@]}" valgrind guile-gnutls
  mkdir -p build/release
  : >build/release/run.log
  logged build/release/run.log cmake --preset release -DPython3_EXECUTABLE="$system_python"
  logged build/release/run.log "$system_python" tests/bench/run.py "$@" build/release
}

part_bench() { bench; }
part_bench-c() { bench --language c; }
part_bench-python() { bench --language python; }
part_bench-lua() { bench --language lua; }
part_bench-guile() { bench --language guile; }

# For Windows: the compiler, and what runs its programs. libgnutls30 by name, for else wine would bring
# another version of it.
windows_packages=("${test_packages[@]}" gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix googletest
  wine wine64 libgnutls30)

# The other ends of the tests for Windows are Linux programs.
build_other_ends() {
  mkdir -p build/dev
  logged build/dev/run.log cmake --preset dev -DPython3_EXECUTABLE="$system_python"
  logged build/dev/run.log cmake --build --preset dev --target engine_host interop_peer
}

part_windows() { under_wine windows; }

part_wine10() {
  install_missing patchelf debian-archive-keyring
  say "wine10: Debian 13's Wine, unpacked"
  tests/windows/get_wine.sh build/wine10
  export RFCTLS_WINE=$PWD/build/wine10/wine64
  export RFCTLS_WINEPREFIX=${XDG_CACHE_HOME:-$HOME/.cache}/rfctls/wine10
  under_wine wine10
}

# under_wine PART: builds for Windows, and runs all tests. What they wrote is the part's own. Wine's own
# processes run as long as a program does: one that waits for ever keeps them, lest a test start them, and
# they hold its pipes.
under_wine() {
  local status=0 waiting
  install_missing "${windows_packages[@]}"
  build_other_ends
  build mingw
  mkdir -p "build/$1"
  rm -f "build/$1/never"
  mkfifo "build/$1/never"
  tests/windows/wine.sh cmd /c pause <>"build/$1/never" >/dev/null 2>&1 &
  waiting=$!
  run_ctest mingw || status=$?
  kill "$waiting"
  say "$1: who understands whom"
  cat build/mingw/tests/windows/matrix.txt
  rm -rf "build/$1/junit"
  cp -r build/mingw/ctest.xml build/mingw/tests/junit "build/$1/"
  return "$status"
}

# The sdist, from it the wheel, and that in a virtual environment where nothing else of ours is.
part_wheel() {
  local work=$PWD/build/wheel python=$PWD/build/wheel/venv/bin/python
  install_missing "${wheel_packages[@]}" python3-venv python3-cryptography openssl
  rm -rf "$work"
  mkdir -p "$work/junit" "$work/src"
  sources | tar -xf - -C "$work/src"
  say "wheel: a virtual environment, with what the tests need"
  "$system_python" -m venv "$work/venv"
  logged "$work/run.log" "$python" -m pip install --quiet -r tests/python/requirements.txt
  say "wheel: building the sdist, and from it the wheel"
  logged "$work/run.log" "$python" -m build --outdir "$work/dist" "$work/src"
  logged "$work/run.log" "$python" -m pip install --quiet --no-index "$work/dist/"*.whl
  "$system_python" tests/support/make_pki.py "$work/pki"
  say "wheel: testing"
  (cd "$work" && RFCTLS_TEST_PKI=$work/pki RFCTLS_SOURCE_DIR=$OLDPWD PYTHONPATH=$OLDPWD/tests/support \
    logged run.log "$python" -m pytest -q -rs \
    -p no:cacheprovider --junitxml=junit/python.xml ../../tests/python)
  say "wheel: mypy"
  (cd "$work" && logged run.log "$python" -m mypy --config-file ../../pyproject.toml -p rfctls)
  logged "$work/run.log" "$python" -m mypy --cache-dir "$work/mypy" examples/python
}

# tests_in PART SUITE COMMAND RESULTS: what it wrote into RESULTS is told as this run's own.
tests_in() {
  local status=0
  rm -rf "build/$1/junit"
  fresh_debian "$1" "$2" "status=0; cd /src; $3 || status=\$?
    cd build; cp -r $4 result/; exit \$status" || status=$?
  cp -r "build/$1/result/." "build/$1/"
  return "$status"
}

both_commands_in() { # PART SUITE
  tests_in "$1" "$2" "examples/quickstart.sh && tests/run.sh" "dev/ctest.xml dev/tests/junit"
}

part_debian12() { both_commands_in debian12 bookworm; }
part_debian13() { both_commands_in debian13 trixie; }
part_windows12() {
  tests_in windows12 bookworm "tests/run.sh windows" "windows/ctest.xml windows/junit"
}

# What a user does: pip install in a Debian 12, and the wheel made there in a Debian 13.
part_pip12() {
  fresh_debian pip12 bookworm "/src/tests/support/pip_install.sh /src /src/build/result"
}
part_pip13() {
  fresh_debian pip13 trixie "/src/tests/support/pip_install.sh /src/build/*.whl" \
    build/pip12/result/*.whl
}

# debootstrapped PART SUITE: a minimal system in build/PART/pristine, made once.
debootstrapped() {
  local mirror pristine=build/$1/pristine
  [ ! -e "$pristine" ] || return 0
  say "$1: making a minimal $2"
  # From where this machine itself installs.
  mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian //p' | head -n 1)
  as_root rm -rf "$pristine.new"
  as_root debootstrap --variant=minbase "$2" "$pristine.new" "$mirror" >"build/$1/debootstrap.log"
  as_root mv "$pristine.new" "$pristine"
}

# fresh_debian PART SUITE COMMAND: runs it in a copy of a minimal system, with the sources in /src. It has
# mounts and processes of its own, so that nothing of it is left, however it ends; what it puts into
# /src/build/result is kept in build/PART.
fresh_debian() {
  local part=$1 work
  install_missing debootstrap debian-archive-keyring util-linux
  mkdir -p "build/$part"
  rm -rf "build/$part/"*.xml "build/$part/run.log" "build/$part/result"
  debootstrapped "$part" "$2"
  say "$part: copying it, and the sources"
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/rfctls-$part.XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "as_root rm -rf --one-file-system '$work'" EXIT
  as_root cp -a "build/$part/pristine/." "$work"
  as_root chmod 755 "$work"
  as_root mkdir "$work/src"
  sources | as_root tar -xf - --no-same-owner -C "$work/src"
  as_root mkdir -p "$work/src/build/result"
  apt-config dump Acquire | as_root tee "$work/etc/apt/apt.conf.d/90host" >/dev/null
  as_root cp /etc/resolv.conf /etc/hosts "$work/etc/"
  [ -z "${PIP_CERT-}" ] || as_root cp "$PIP_CERT" "$work/etc/pip.crt"
  [ -z "${4-}" ] || as_root cp "$4" "$work/src/build/"
  local status=0
  logged "build/$part/run.log" as_root unshare --mount --pid --fork --kill-child sh -euc '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    exec chroot "$0" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
      ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
      ${PIP_CERT:+PIP_CERT=/etc/pip.crt} ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} \
      sh -euc "$1"' "$work" "$3" || status=$?
  as_root cp -r "$work/src/build/result" "build/$part/"
  return "$status"
}

if [ "${1-}" = --part ]; then # a process of its own, see below
  "part_$2"
  exit
fi

[ $# -gt 0 ] || set -- plain
for part in "$@"; do
  declare -F "part_$part" >/dev/null || die "no part is called $part: see the head of tests/run.sh"
done

results=()
for part in "$@"; do
  status=0
  tests/run.sh --part "$part" || status=$? # bash ignores errexit in a function whose status is asked for
  results+=("$part=$status")
done
"$system_python" tests/support/summary.py build "${results[@]}"
