#!/usr/bin/env bash
# Python's package as pip builds it: its tests, and mypy; needs PyPI.
# 3 minutes; in .ci/run

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"

# What pip cannot bring.
install_missing gcc libc6-dev libssl-dev python3-dev python3-venv python3-cryptography openssl
work=$PWD/build/wheel python=$PWD/build/wheel/venv/bin/python
rm -rf "$work"
mkdir -p "$work/junit" "$work/src"
# The sdist, from it the wheel, and that in a virtual environment where nothing else of ours is.
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
