# What examples/quickstart.sh and tests/run.sh share: speaking to the user, and installing what is
# missing. To be sourced.
# shellcheck shell=bash disable=SC2034  # what is set here is for them

if [ -t 1 ]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' green='' red='' plain=''
fi

say() { printf '%s==> %s%s\n' "$bold" "$*" "$plain"; }
die() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; exit 1; }

# Debian's own, for which Debian's python3-* packages are.
system_python=/usr/bin/python3

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root or sudo: $*"
  fi
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_missing PACKAGE...: asks apt for those that are not there, and for nothing if all are.
install_missing() {
  local package missing=()
  command -v dpkg-query >/dev/null || die "not a Debian system: install what these packages hold: $*"
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root apt-get update -qq </dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null >"${TMPDIR:-/tmp}/rfctls-apt.$$" 2>&1 || {
    cat "${TMPDIR:-/tmp}/rfctls-apt.$$" >&2
    die "apt could not install ${missing[*]}"
  }
  rm -f "${TMPDIR:-/tmp}/rfctls-apt.$$"
}

# install_available PACKAGE...: the same for those that this Debian has.
install_available() {
  local package there=()
  for package in "$@"; do
    if apt-cache show "$package" >/dev/null 2>&1; then there+=("$package"); fi
  done
  install_missing "${there[@]}"
}

# What the library and its three modules are built from.
build_packages=(cmake ninja-build gcc libc6-dev pkg-config libssl-dev swig python3 python3-dev
  liblua5.1-0-dev liblua5.2-dev liblua5.3-dev liblua5.4-dev guile-3.0 guile-3.0-dev)
