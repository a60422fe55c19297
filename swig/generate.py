"""Writes what the facades have in common, each in its language, from the tables beside this file.

    generate.py            writes the files
    generate.py --check    writes nothing; ends with 1 and their names if some are not up to date

The written files are committed: who builds needs neither this script nor Python.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BINDINGS = HERE.parent / "bindings"
ORIGIN = "Made by swig/generate.py from swig/hints.tsv; change that."


def table(path):
    """The rows of a table with a head, as dictionaries; "-" is nothing."""
    head, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [{key: "" if cell == "-" else cell for key, cell in zip(head, row, strict=True)}
            for row in rows]


def hints(language):
    """What a language says: failures as (status, reason, text, hint), habits as (name, hint)."""
    rows = [row for row in table(HERE / "hints.tsv") if row[language]]
    failures = [(row["status"], row["reason"], row["text"], row[language])
                for row in rows if row["status"] != "habit"]
    habits = [(row["text"], row[language]) for row in rows if row["status"] == "habit"]
    return failures, habits


def quoted(text):
    """A string of Lua and Scheme."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def python():
    failures, habits = hints("Python")
    told = "".join(f"    {row!r},\n" for row in failures)
    named = "".join(f"    {name!r}: {hint!r},\n" for name, hint in habits)
    return (f'"""What to do about a failure, and what other libraries\' options are called here.\n\n{ORIGIN}\n"""\n\n'
            f"# (status, reason or \"\", part of \"origin: message\", hint): the first that fits counts.\n"
            f"FAILURES = (\n{told})\n\nHABITS = {{\n{named}}}\n")


def lua():
    failures, habits = hints("Lua")
    told = "".join(f"    {{ {', '.join(map(quoted, row))} }},\n" for row in failures)
    named = "".join(f"    {name} = {quoted(hint)},\n" for name, hint in habits)
    return (f"-- What to do about a failure, and what other libraries' options are called here.\n-- {ORIGIN}\n"
            "return {\n"
            "  -- { status, reason or \"\", part of \"origin: message\", hint }: the first that fits counts\n"
            f"  failures = {{\n{told}  }},\n  habits = {{\n{named}  }},\n}}\n")


def guile():
    failures, habits = hints("Guile")
    told = "".join(f"    ({status} {reason or 'NONE'} {quoted(text)}\n     {quoted(hint)})\n"
                   for status, reason, text, hint in failures)
    named = "".join(f"    (#:{name.replace('_', '-')} . {quoted(hint)})\n" for name, hint in habits)
    return (f";;; What to do about a failure, and what other libraries' keywords are called here.\n;;; {ORIGIN}\n\n"
            ";; (status reason part-of-\"origin: message\" hint): the first that fits counts.\n"
            f"(define failure-hints\n  '(\n{told}    ))\n\n(define keyword-hints\n  '(\n{named}    ))\n")


FILES = {
    BINDINGS / "python/rfctls/_hints.py": python,
    BINDINGS / "lua/rfctls/hints.lua": lua,
    BINDINGS / "guile/rfc/tls/facade/hints.scm": guile,
}


def main(arguments):
    stale = []
    for path, make in FILES.items():
        text = make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(HERE.parent)))
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        print("not up to date, run swig/generate.py:", *stale)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
