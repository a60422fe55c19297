# What the parts share that measure. To be sourced after tests/support/parts.sh.

bench() { # options of tests/bench/run.py
  install_missing "${test_packages[@]}" valgrind guile-gnutls
  mkdir -p build/release
  : >build/release/run.log
  logged build/release/run.log cmake --preset release -DPython3_EXECUTABLE="$system_python"
  logged build/release/run.log "$system_python" tests/bench/run.py "$@" build/release
}
