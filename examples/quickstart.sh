#!/usr/bin/env bash
# A first look at librfctls, from nothing.
#
#   examples/quickstart.sh               builds it, and lets four languages talk to a server of ours,
#                                        and ours to strangers
#   examples/quickstart.sh HOST[:PORT]   builds it, and tells what that server agrees on with us
#
# Installs what is missing by apt (as root, or by sudo). The exit code is 0 only if all went well.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/support/machine.sh
. tests/support/machine.sh

build=$PWD/build/quickstart
stage=$build/stage
name=server.test # what the throw-away server is called in its certificate
bytes=65536      # of text that each client sends: whole lines of 64
work=$(mktemp -d)
children=()

cleanup() {
  [ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

build_library() {
  install_missing "${build_packages[@]}" lua5.4 openssl curl ca-certificates
  say "building (log: build/quickstart/quickstart.log)"
  mkdir -p "$build"
  {
    cmake --preset release -B "$build" -DPython3_EXECUTABLE="$system_python" -DRFCTLS_TESTS=OFF &&
      cmake --build "$build"
  } >"$build/quickstart.log" 2>&1 || {
    tail -n 40 "$build/quickstart.log" >&2
    die "the build failed"
  }
}

make_certificates() {
  say "making a throw-away authority, and a server that it vouches for"
  local new=(openssl req -x509 -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
  "${new[@]}" -subj "/CN=Quickstart authority" -addext keyUsage=critical,keyCertSign \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>>"$work/log"
  "${new[@]}" -subj "/CN=$name" -CA "$work/ca.pem" -CAkey "$work/ca.key" \
    -addext "subjectAltName=DNS:$name" -addext basicConstraints=critical,CA:FALSE \
    -addext extendedKeyUsage=serverAuth \
    -keyout "$work/server.key" -out "$work/server.pem" 2>>"$work/log"
  cat "$work/server.pem" "$work/server.key" >"$work/identity.pem"
}

# serve command...: starts a server; `port` is the number that ends the first line which ends in one.
serve() {
  local line lines
  exec {lines}< <(exec "$@" 2>>"$work/log")
  children+=($!)
  while read -r -t 20 -u "$lines" line; do
    if [[ $line =~ ([0-9]+)$ ]]; then
      port=${BASH_REMATCH[1]}
      return
    fi
  done
  cat "$work/log" >&2
  die "$1 did not start"
}

# row NAME command...: runs a client, whose one line of output becomes a row of the table.
row() {
  local file=$work/$1.row what=$1
  shift
  if "$@" >"$file" 2>"$file.errors"; then
    printf '%s\t%s\n' "$what" "$(cat "$file")" >"$file.done"
  else
    printf '%s failed: %s\n' "$what" "$(cat "$file" "$file.errors")" >&2
    return 1
  fi
}

# What curl met, in the same form: its page is the text.
curl_row() { # PORT
  local facts
  facts=$(curl --silent --show-error --verbose --max-time 60 --cacert "$work/ca.pem" --output /dev/null \
    --connect-to "$name:$1:127.0.0.1:$1" "https://$name:$1/" 2>&1 \
    --write-out '%{size_download} %{time_total}\n')
  [[ $facts =~ 'SSL connection using '([^ ]+)' / '([^ $'\r\n']+) ]]
  local version=${BASH_REMATCH[1]} cipher=${BASH_REMATCH[2]}
  [[ ${facts##*$'\n'} =~ ^([0-9]+)' '([0-9]+)\.([0-9]{3}) ]]
  printf 'curl\t%s\t%s\t%s\t%s\t%s\n' "$version" "$cipher" "$name" "${BASH_REMATCH[1]}" \
    "$((10#${BASH_REMATCH[2]}${BASH_REMATCH[3]}))"
}

# Each language's client, all at once, to our server.
talk_to_our_server() {
  local pid pids=() failed=0
  serve "$build/examples/echo_server" "$work/identity.pem"
  say "four languages talk to echo_server, written in C, on port $port"
  local contract=(127.0.0.1 "$port" "$work/ca.pem" "$name" "$bytes")
  row echo_client timeout 60 "$build/examples/echo_client" "${contract[@]}" & pids+=($!)
  row echo_client.py timeout 60 env PYTHONPATH="$stage/python" "$system_python" \
    examples/python/echo_client.py "${contract[@]}" & pids+=($!)
  row echo_client.lua timeout 60 env \
    LUA_PATH_5_4="$stage/lua/share/5.4/?.lua;$stage/lua/share/5.4/?/init.lua;;" \
    LUA_CPATH_5_4="$stage/lua/lib/5.4/?.so;;" \
    lua5.4 examples/lua/echo_client.lua "${contract[@]}" & pids+=($!)
  row echo-client.scm timeout 60 env GUILE_AUTO_COMPILE=0 \
    GUILE_LOAD_PATH="$stage/guile/site" GUILE_LOAD_COMPILED_PATH="$stage/guile/ccache" GUILE_EXTENSIONS_PATH="$stage/guile/extensions" \
    guile examples/guile/echo-client.scm "${contract[@]}" & pids+=($!)
  for pid in "${pids[@]}"; do
    wait "$pid" || failed=1
  done
  return "$failed"
}

talk_to_strangers() {
  local failed=0
  serve openssl s_server -accept 127.0.0.1:0 -rev -cert "$work/server.pem" -key "$work/server.key"
  say "our client talks to openssl s_server, on port $port"
  row "openssl s_server" timeout 60 "$build/examples/echo_client" 127.0.0.1 "$port" \
    "$work/ca.pem" "$name" "$bytes" || failed=1
  serve "$build/examples/https_server" "$work/identity.pem"
  say "curl talks to https_server, on port $port"
  row https_server curl_row "$port" || failed=1
  return "$failed"
}

# shellcheck disable=SC2059  # the format is this function's
print_table() {
  local format='%-18s%-13s%-13s%-24s%-20s%13s%6s\n' file line
  printf "\n$bold$format$plain" program language "TLS version" cipher "peer name verified" \
    "bytes echoed" ms
  for file in "$work"/{echo_client,echo_client.py,echo_client.lua,echo-client.scm} \
    "$work/openssl s_server" "$work/https_server"; do
    [ -e "$file.row.done" ] || continue
    IFS=$'\t' read -r -a line <"$file.row.done"
    printf "$format" "${line[@]}"
  done
  echo
}

build_library
if [ $# -gt 0 ]; then
  [[ $1 =~ ^(\[([^]]+)\]|([^:]+))(:([0-9]+))?$ ]] || die "usage: quickstart.sh [HOST[:PORT]]"
  host=${BASH_REMATCH[2]}${BASH_REMATCH[3]} port=${BASH_REMATCH[5]:-443}
  say "connecting to $host, port $port"
  "$build/examples/negotiated" "$host" "$port"
  exit
fi

make_certificates
failed=0
talk_to_our_server || failed=1
talk_to_strangers || failed=1
print_table
[ "$failed" -eq 0 ] || die "something failed: see above"
printf '%sall went well%s\n' "$green" "$plain"
