"""Counts what the parts of tests/run.sh did: summary.py BUILD PART=STATUS...

ctest tells how each file of tests ended; the JUnit file that a test wrote tells what was in it. A part
whose tests are not to blame for its status, as one that did not build, counts as one failure."""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

FOLDERS = {"plain": "dev"}  # the part's folder under build/, where the names differ


class Count:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def add(self, name, case):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed.append(name)
        elif skipped is not None:
            self.skipped.append(f"{name}: {reason(case, skipped)}")
        else:
            self.passed += 1

    def extend(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def reason(case, skipped):
    """A test says why in its last line (ctest), or in the message's first one that is not a place."""
    output = case.findtext("system-out", "").strip()
    if output:
        return output.splitlines()[-1]
    lines = [line for line in (skipped.get("message") or skipped.text or "").splitlines() if line]
    return lines[-1] if lines else "no reason given"


def cases(path):
    return ElementTree.parse(path).iter("testcase")


def count_inside(name, outer, path):
    """A file of tests: what it wrote itself, if it came to that."""
    count = Count()
    if path.is_file():
        for case in cases(path):
            count.add(f"{name} {case.get('name')}", case)
    ended_badly = outer.find("failure") is not None
    if ended_badly and not count.failed:
        count.failed.append(f"{name} (crashed, or out of time)" if path.is_file() else name)
    if not (count.passed or count.failed or count.skipped):
        count.add(name, outer)
    return count


def count_part(folder):
    count = Count()
    report = folder / "ctest.xml"
    inside = next((path for path in (folder / "tests" / "junit", folder / "junit")
                   if path.is_dir()), folder)
    if report.is_file():
        for outer in cases(report):
            if outer.get("status") != "disabled":
                count.extend(count_inside(outer.get("name"), outer,
                                          inside / f"{outer.get('name')}.xml"))
    else:  # no ctest: the files are all there is
        for path in inside.glob("*.xml"):
            for case in cases(path):
                count.add(f"{case.get('classname')} {case.get('name')}", case)
    return count


def main(build, *results):
    total = Count()
    rows, notes = [], []
    for result in results:
        part, status = result.split("=")
        count = count_part(pathlib.Path(build) / FOLDERS.get(part, part))
        if status != "0" and not count.failed:
            count.failed.append(f"{part} itself ended with {status}: see its log")
        rows.append(f"{part:<12}{count.passed:>8}{len(count.failed):>8}{len(count.skipped):>9}")
        notes += [f"failed   {part}: {name}" for name in count.failed]
        notes += [f"skipped  {part}: {name}" for name in count.skipped]
        total.extend(count)
    print(f"\n{'part':<12}{'passed':>8}{'failed':>8}{'skipped':>9}", *rows, sep="\n")
    if notes:
        print("", *notes, sep="\n")
    print(f"\n{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
