"""Is the ABI still what rfctls.abi says? abi.py BUILD DESCRIPTION, or abi.py --write BUILD DESCRIPTION

By libabigail, over the library of a build tree. An addition is a difference, too: --write makes the description
anew, so that a review sees what became of the ABI. Structs are left out: the public headers have none that
is more than a name."""
import pathlib
import re
import subprocess
import sys
import tempfile

PRIVATE = "[suppress_type]\n  type_kind = struct\n  drop = yes\n"


def describe(library, suppressions):
    done = subprocess.run(
        ["abidw", "--suppressions", suppressions, "--exported-interfaces-only", "--type-id-style", "hash",
         "--drop-private-types", "--headers-dir", pathlib.Path("include").resolve(), "--no-corpus-path",
         "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", library],
        check=True, capture_output=True, text=True)
    return re.sub(r" path='[^']*/core/", " path='core/", done.stdout)


def main(*arguments):
    write = arguments[0] == "--write"
    build, description = map(pathlib.Path, arguments[write:])
    library = next(build.glob("core/librfctls.so.*.*.*"))
    with tempfile.TemporaryDirectory() as folder:
        suppressions = pathlib.Path(folder, "private.abignore")
        suppressions.write_text(PRIVATE, encoding="utf-8")
        if write:
            description.write_text(describe(library, suppressions), encoding="utf-8")
            return 0
        done = subprocess.run(["abidiff", "--suppressions", suppressions, "--exported-interfaces-only",
                               description, library], check=False, capture_output=True, text=True)
        print(done.stdout + done.stderr)
        return done.returncode or bool(done.stderr)  # 0 also when it could not read the description


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
