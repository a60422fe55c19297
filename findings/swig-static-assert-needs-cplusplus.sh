#!/bin/sh
# SWIG reads C23's [[nodiscard]], restrict and enum e : type in C, but no static assertion: those only with -c++, and never _Static_assert.
#
# Versions: swig 4.5.1 (the PyPI package, which carries the program).
# Guess: C11's _Static_assert, and C23's static_assert, which the C++ side has known for a decade, are skipped in C too.
# Behaviour: both are syntax errors in C; with -c++ static_assert is read and _Static_assert still is not. So a header
#   with an assertion needs #ifndef SWIG around it, though newer things in it are read.
# Seen:
#   C: [[nodiscard]] int f(void); -> read
#   C: int f(char *restrict p); -> read
#   C: enum e : unsigned char { f }; -> read
#   C: _Static_assert(1, "ok"); -> Syntax error in input(1).
#   C: static_assert(1, "ok"); -> Syntax error in input(1).
#   C++: static_assert(1, "ok"); -> read
#   C++: _Static_assert(1, "ok"); -> Syntax error in input(1).
# Source: C11 and C23, 6.7.10 and 6.7.11; SWIG manual, C++11, Static assertions; Source/CParse/cscanner.c takes
#   static_assert for a keyword only where cparse_cplusplus is set.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" swig==4.5.1
PATH=$dir/bin:$PATH PYTHONPATH=$dir
export PATH PYTHONPATH
cd "$dir"

# try LANGUAGE LINE EXPECTED: what SWIG says of the line
try() {
    printf '%%module it\n%s\n' "$2" >it.i
    option=-nocpperraswarn
    [ "$1" = C ] || option=-c++
    if timeout 60 swig $option -lua -o it.c it.i 2>said; then
        answer="read"
    else
        answer=$(sed -n 's/.*Error: //p' said | head -n 1)
    fi
    echo "$1: $2 -> $answer"
    [ "$answer" = "$3" ]
}
refused='Syntax error in input(1).'
try C '[[nodiscard]] int f(void);' read
try C 'int f(char *restrict p);' read
try C 'enum e : unsigned char { f };' read
try C '_Static_assert(1, "ok");' "$refused"
try C 'static_assert(1, "ok");' "$refused"
try C++ 'static_assert(1, "ok");' read
try C++ '_Static_assert(1, "ok");' "$refused"
