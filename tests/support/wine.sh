# What the parts share that run under Wine. To be sourced after tests/support/parts.sh.

# The compiler, and what runs its programs. libgnutls30 by name, for else wine would bring another version
# of it.
windows_packages=("${test_packages[@]}" gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix googletest
  wine wine64 libgnutls30)

# The other ends of the tests for Windows are Linux programs.
build_other_ends() {
  mkdir -p build/dev
  logged build/dev/run.log cmake --preset dev -DPython3_EXECUTABLE="$system_python"
  logged build/dev/run.log cmake --build --preset dev --target engine_host interop_peer
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
