#!/usr/bin/env bash
# Python without its lock (PEP 703), built from Debian 13's source, once: the package as pip builds it for that, its
# tests, and ten minutes of threads that share everything; needs PyPI.
# 20 minutes, the first time 15 more; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

work=$PWD/build/freethreaded python=$PWD/build/freethreaded/venv/bin/python

# The interpreter, under $work/python; its source comes by apt, which checks it.
build_interpreter() {
  local apt=$work/apt from
  from=(-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists"
    -o Dir::Cache="$apt" -o APT::Sandbox::User=root)
  rm -rf "$apt" "$work/python"
  mkdir -p "$apt/lists/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main" \
    >"$apt/sources.list"
  cd "$apt"
  apt-get -qq "${from[@]}" update
  apt-get -qq "${from[@]}" source --download-only python3.13
  tar -xf python3.13_*.orig.tar.xz
  cd Python-3.13.*
  ./configure --prefix="$work/python" --disable-gil --disable-test-modules
  make -j"$(nproc)"
  make install
}

install_missing gcc make libc6-dev libffi-dev libssl-dev zlib1g-dev xz-utils dpkg-dev debian-archive-keyring \
  python3-dev python3-venv python3-cryptography openssl
mkdir -p "$work"
rm -rf "$work"/{junit,src,venv,dist,run.log}
if [ ! -x "$work/python/bin/pip3" ]; then # what is installed last
  say "freethreaded: building the interpreter (the log is $work/python.log)"
  (build_interpreter) >"$work/python.log" 2>&1
fi

say "freethreaded: building the wheels of both kinds, of which pip takes the right one"
mkdir -p "$work/junit" "$work/src"
sources | tar -xf - -C "$work/src"
"$work/python/bin/python3" -m venv "$work/venv"
"$system_python" -m venv "$work/venv/system"
for pip in "$python" "$work/venv/system/bin/python"; do
  logged "$work/run.log" "$pip" -m pip wheel --quiet --no-deps --wheel-dir "$work/dist" "$work/src"
done
logged "$work/run.log" "$python" -m pip install --no-index --find-links "$work/dist" rfctls
# Newer versions of some have no wheel for such a Python, nor has cryptography.
logged "$work/run.log" "$python" -m pip install --quiet --only-binary :all: pytest hypothesis requests

export RFCTLS_TEST_PKI=$work/pki RFCTLS_SOURCE_DIR=$PWD PYTHONDONTWRITEBYTECODE=1
"$system_python" tests/support/make_pki.py "$work/pki"
say "freethreaded: testing"
status=0
logged "$work/run.log" "$python" -m pytest -q -rs -p no:cacheprovider --junitxml="$work/junit/python.xml" \
  tests/python || status=$?
say "freethreaded: threads that share everything, for ten minutes"
logged "$work/run.log" "$python" -W error tests/python/stress.py 600 || status=$?
exit "$status"
