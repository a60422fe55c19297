#!/bin/sh
# cffi reads a character constant with an escape as the letter after the backslash: enum { LF = '\n' } is 110.
#
# Versions: cffi 2.1.1.
# Guess: cdef() takes 'a' for 97, so it takes '\n' for 10 and '\0' for 0, or refuses the escape as it refuses '\x41'.
# Behaviour: in ABI mode '\n' is 110, '\t' is 116 and '\0' is 48, without a warning; only \\, \' and \" come out right,
#   since there the letter is the value. A hexadecimal or octal escape is refused.
# Seen:
#   'a' = 97, '\n' = 110, '\t' = 116, '\0' = 48, '\\' = 92, '\'' = 39
#   '\x41': CDefError
# Source: C17, 6.4.4.4; cffi's documentation, Preparing and distributing modules, ffi.cdef() limitations (does not mention
#   it); src/cffi/cparser.py, Parser._parse_constant(), which takes the character before the closing quote.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" cffi==2.1.1
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
import cffi

SEEN = {"'a'": 97, r"'\n'": 110, r"'\t'": 116, r"'\0'": 48, r"'\\'": 92, r"'\''": 39}


def value(constant):
    ffi = cffi.FFI()
    ffi.cdef("enum { X = %s };" % constant)
    return ffi.dlopen(None).X


seen = {constant: value(constant) for constant in SEEN}
print(", ".join(f"{constant} = {value}" for constant, value in seen.items()))
assert seen == SEEN, "this has changed"
try:
    value(r"'\x41'")
    answer = "read"
except cffi.CDefError:
    answer = "CDefError"
print(rf"'\x41': {answer}")
assert answer == "CDefError", "this has changed"
PY
