#!/bin/sh
# SWIG takes any attribute of a typemap, misspelt ones too, without a warning, and keeps it in the parse tree.
#
# Versions: swig 4.5.1 (the PyPI package, which carries the program).
# Guess: an attribute that no target language knows is an error, or at least a warning under -Wall -Wextra:
#   numinptus=0 for numinputs=0 would be noticed.
# Behaviour: nothing is said. The argument simply stays one that the caller gives, and -xmlout shows the attribute
#   as tmap_in_numinptus beside the known ones, so it can also carry notes to one's own tools.
# Seen:
#   swig says nothing
#   as meant: f takes 0 arguments
#   misspelt: f takes 1 arguments
#   in the tree: tmap_in_numinptus = 0
# Source: SWIG manual, Typemaps, Defining a typemap (lists what may stand there, not what becomes of another word);
#   Source/Swig/typemap.c, Swig_typemap_attach_parms(), which copies every keyword onto the parameter.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" swig==4.5.1
PATH=$dir/bin:$PATH PYTHONPATH=$dir
export PATH PYTHONPATH
cd "$dir"

# takes ATTRIBUTE: how many arguments the Lua function takes
takes() {
    # shellcheck disable=SC2016
    printf '%%module it\n%%typemap(in, %s) int x { $1 = 7; }\nint f(int x);\n' "$1" >it.i
    timeout 60 swig -Wall -Wextra -lua -xmlout it.xml -o it.c it.i >said 2>&1
    [ ! -s said ]
    sed -n 's/.*SWIG_check_num_args("f",\([0-9]\),.*/\1/p' it.c
}
meant=$(takes numinputs=0)
misspelt=$(takes numinptus=0)
kept=$(sed -n 's/.*name="\(tmap_in_numinptus\)" value="\([0-9]\)".*/\1 = \2/p' it.xml)
echo "swig says nothing"
echo "as meant: f takes $meant arguments"
echo "misspelt: f takes $misspelt arguments"
echo "in the tree: $kept"
[ "$meant" = 0 ] && [ "$misspelt" = 1 ] && [ "$kept" = "tmap_in_numinptus = 0" ]
