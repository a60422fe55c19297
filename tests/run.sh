#!/usr/bin/env bash
# Builds and runs the tests, and ends with one summary.
#
#   tests/run.sh [PART...]   the part plain when none is named
#   tests/run.sh --list      what each part is, how long it takes, and whether .ci/run has it
#
# A part is a file of tests/parts. It installs by apt what is missing (as root, or by sudo), and keeps
# its build tree, log and JUnit files under build/. The exit code is 0 only if every part ran and no
# test failed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/support/machine.sh
. tests/support/machine.sh

# A part begins with a comment; its last line says how long it takes on two processors.
list() {
  local file
  for file in tests/parts/*.sh; do
    printf '%s%s%s\n' "$bold" "$(basename "$file" .sh)" "$plain"
    sed -n -e '1d' -e '/^#/!q' -e 's/^#/   /p' "$file"
  done
}

if [ "${1-}" = --list ]; then
  list
  exit
fi

[ $# -gt 0 ] || set -- plain
for part in "$@"; do
  [ -x "tests/parts/$part.sh" ] || die "no part is called $part: see tests/run.sh --list"
done

results=()
for part in "$@"; do
  status=0
  "tests/parts/$part.sh" || status=$?
  results+=("$part=$status")
done
"$system_python" tests/support/summary.py build "${results[@]}"
