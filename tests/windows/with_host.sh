#!/usr/bin/env bash
# Runs a test whose other end is played by an engine_host: with_host.sh HOST ROLES COMMAND...
#
# ROLES are those of the host, "client" or "server". It ends with the test.
set -euo pipefail
if [ ! -x "$1" ]; then
  echo "no engine_host for the other role: RFCTLS_ENGINE_HOST is \"$1\""
  exit 77
fi
coproc HOST { "$1"; }
read -r port <&"${HOST[0]}"
export RFCTLS_TEST_REMOTE=$2 RFCTLS_TEST_REMOTE_PORT=${port#port=}
shift 2
"$@"
