"""What can go wrong, and the tests that show what happens then, language by language.

    scenarios.py BUILD    prints each scenario with the results of the last run, from BUILD/tests/junit

scenarios/scenarios.tsv says what there is and whom it concerns: C, P(ython), L(ua), G(uile), or all.
Numbers that begin with p are pitfalls that such libraries know, with S the flaws of the original
implementation. Beside it, each language's file says how it is tested: by tests, as FOLDER/FILE:NAME set
apart by "; ", where NAME is what the file calls the test (%d, %s and ~a stand for what it fills in);
"open", as long as there is none; or "no: " and why there will be none."""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).parents[2]
TABLES = ROOT / "tests" / "parity" / "scenarios"
LANGUAGES = {"C": "C", "Python": "P", "Lua": "L", "Guile": "G"}
GTEST = r"TEST(_F|_P)?\(\s*{},\s*{}\)"
QUOTED = {".py": r"def {}\(", ".lua": r"[\"']{}[\"']", ".scm": r'"{}"'}


def table(name):
    lines = (TABLES / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


def scenarios():
    return table("scenarios")[1:]


def cells(language):
    """The language's answer to each scenario that concerns it, by number."""
    return dict(table(language)[1:])


def concerns(who, language):
    return who == "all" or LANGUAGES[language] in who.split("/")


def tests(cell):
    """The tests of a cell, as (file without its suffix, name)."""
    if cell == "open" or cell.startswith("no: "):
        return []
    return [tuple(test.split(":", 1)) for test in cell.split("; ")]


def exists(file, name):
    for path in ROOT.glob(f"tests/{file}.*"):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".cpp":
            found = re.search(GTEST.format(*map(re.escape, name.split(".", 1))), text)
        else:
            found = re.search(QUOTED[path.suffix].format(re.escape(name)), text)
        if found:
            return True
    return False


# ---- results ----


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped") is not None or case.get("status") == "notrun"
    return "skipped" if skipped else "passed"


def results(junit):
    """What ran: file, as in the table, to its cases and how each ended."""
    found = {}
    for path in junit.glob("*.xml"):
        folder, *_, name = path.stem.split(".")  # lua.lua5.4.test_end: each interpreter's
        for suite in ElementTree.parse(path).iter("testsuite"):
            for case in suite.findall("testcase"):
                whole = f"{suite.get('name')}.{case.get('name')}"
                found.setdefault(f"{folder}/{name}", []).append((whole, outcome(case)))
    return found


def ended(test, found):
    """How all cases that a test of the table made ended together."""
    file, name = test
    pattern = re.sub(r"%d|%s|~a", ".*", re.escape(name))
    cases = [how for whole, how in found.get(file, [])
             if re.search(rf"(^|[./]){pattern}($|[\[/])", whole)]
    for how in ("failed", "passed", "skipped"):
        if how in cases:
            return how
    return "not run"


def cell_result(cell, found):
    all_ended = [ended(test, found) for test in tests(cell)]
    for how in ("failed", "not run", "skipped", "passed"):
        if how in all_ended:
            return how
    return cell


def print_scenario(number, found, answers, counts):
    for language, all_cells in answers.items():
        if number in all_cells:
            cell = all_cells[number]
            how = cell_result(cell, found)
            print(f"      {language:<7} {how:<8} {cell if tests(cell) else ''}".rstrip())
            kinds = counts.setdefault(language, {})
            kinds.setdefault("without" if how.startswith("no: ") else how, []).append(number)


def main(build):
    found = results(pathlib.Path(build) / "tests" / "junit")
    answers = {language: cells(language) for language in LANGUAGES}
    counts = {}
    for number, who, scenario in scenarios():
        print(f"{number:<5} {who:<6} {scenario}")
        print_scenario(number, found, answers, counts)
    print()
    for language, kinds in counts.items():
        print(f"{language:<8}" + ", ".join(f"{len(each)} {kind}" for kind, each in kinds.items()))
        for kind in ("failed", "not run", "skipped", "open"):
            if kind in kinds:
                print(f"        {kind}: {' '.join(kinds[kind])}")
    return 1 if any("failed" in kinds for kinds in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
