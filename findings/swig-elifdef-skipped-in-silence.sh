#!/bin/sh
# SWIG does not know C23's #elifdef and #elifndef, and says so only where the group before them was taken.
#
# Versions: swig 4.5.1 (the PyPI package, which carries the program).
# Guess: known since C23, or refused as an unknown directive, as SWIG refuses others.
# Behaviour: after a group that was taken it is an error. After one that was skipped the directive is skipped with
#   it: what a compiler sees after it is missing from the wrapper, without a word under -Wall -Wextra.
# Seen:
#   after a group that was taken: exit 1, Error: Unknown SWIG preprocessor directive: elifdef
#   after one that was skipped: exit 0, wrapped: always
# Source: C23, 6.10.2; SWIG manual, Preprocessor, Conditional Compilation (lists what it knows);
#   Source/Preprocessor/cpp.c, Preprocessor_parse(), whose last branch passes over unknown
#   directives in a skipped group on purpose (its comment names issue 394).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" swig==4.5.1
PATH=$dir/bin:$PATH PYTHONPATH=$dir
export PATH PYTHONPATH
cd "$dir"

cat >taken.i <<'I'
%module taken
#define HAVE
#ifdef HAVE
int first(void);
#elifdef HAVE
int second(void);
#endif
I
cat >skipped.i <<'I'
%module skipped
#define HAVE
#ifdef OTHER
int first(void);
#elifdef HAVE
int wanted(void);
#endif
#ifdef OTHER
int second(void);
#elifndef OTHER
int wanted_too(void);
#endif
int always(void);
I
status=0
timeout 60 swig -Wall -Wextra -lua -o taken.c taken.i 2>said || status=$?
echo "after a group that was taken: exit $status, $(grep -o 'Error: .*directive: [a-z]*' said)"
[ "$status" = 1 ]
timeout 60 swig -Wall -Wextra -lua -o skipped.c skipped.i >said 2>&1
names=$(sed -n 's/.*{ "\([a-z_]*\)", _wrap_.*/\1/p' skipped.c)
echo "after one that was skipped: exit 0, wrapped: $names"
[ ! -s said ] && [ "$names" = always ]
