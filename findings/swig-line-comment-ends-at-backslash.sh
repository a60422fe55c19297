#!/bin/sh
# To SWIG a // comment ends with its line even where a backslash joins it to the next: what C comments out is wrapped.
#
# Versions: swig 4.5.1 (the PyPI package, which carries the program).
# Guess: as C and C++ have it: lines are joined (translation phase 2) before comments go (phase 3), so the
#   declaration under a comment that ends in a backslash is part of the comment.
# Behaviour: the comment ends at its line break, and the declaration is wrapped, without a warning; in #define
#   lines SWIG does join.
# Seen:
#   wrapped: hidden shown
# Source: C17, 5.1.1.2, phases 2 and 3; SWIG's Source/Preprocessor/cpp.c, Preprocessor_parse(), whose state for a
#   // comment looks for the line break only.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" swig==4.5.1
PATH=$dir/bin:$PATH PYTHONPATH=$dir
export PATH PYTHONPATH
cd "$dir"

cat >it.i <<'I'
%module it
// the folder is C:\keys\
int hidden(void);
int shown(void);
I
timeout 60 swig -Wall -Wextra -lua -o it.c it.i >said 2>&1
names=$(sed -n 's/.*{ "\([a-z_]*\)", _wrap_.*/\1/p' it.c | tr '\n' ' ')
echo "wrapped: ${names% }"
[ ! -s said ] && [ "$names" = "hidden shown " ]
