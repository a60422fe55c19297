#!/usr/bin/env bash
# Is the source as it should be? Formatters and linters of each language, spelling, and the ABI; needs PyPI.
# 4 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

work=$PWD/build/gates
install_missing "${test_packages[@]}" python3-venv clang-tidy-14 shellcheck lua-check abigail-tools
mkdir -p "$work/junit"
: >"$work/run.log"
say "gates: what they look at is built"
logged "$work/run.log" cmake --preset dev -DPython3_EXECUTABLE="$system_python"
logged "$work/run.log" cmake --build --preset dev --target rfctls rfctls_guile_compiled
say "gates: a virtual environment"
[ -e "$work/venv" ] || "$system_python" -m venv "$work/venv"
logged "$work/run.log" "$work/venv/bin/python" -m pip install --quiet -r tests/gates/requirements.txt
say "gates: looking"
RFCTLS_GATES_BUILD=build/dev logged "$work/run.log" "$work/venv/bin/python" -m pytest -q -rs \
  -p no:cacheprovider --durations=5 --junitxml="$work/junit/gates.xml" tests/gates
