"""operations.tsv tells the truth: what it names exists in that language, and what lacks a name says
why. Cells hold names set apart by blanks, or "-"."""
import os
import shutil
import subprocess

import headers
import pytest

TABLE = headers.ROOT / "tests" / "parity" / "operations.tsv"
BINDINGS = os.environ["RFCTLS_BINDINGS"].split(",")
COLUMNS = ["Scheme", "C", "Python", "Lua", "Guile", "state"]
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]


def names(column):
    """Every name in a language's column, once."""
    cells = (row[COLUMNS.index(column)] for row in ROWS[1:])
    return sorted({name for cell in cells for name in cell.split() if name != "-"})


def needs(language):
    if language not in BINDINGS:
        pytest.skip(f"no module for {language} was built")


def missing(command, script, wanted):
    """What a script says is missing of the names that it gets as arguments."""
    done = subprocess.run([*command, script, *wanted], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_table_has_its_columns_in_every_row():
    assert ROWS[0] == COLUMNS
    assert [row for row in ROWS if len(row) != len(COLUMNS) or not all(row)] == []


def test_every_operation_stands_once():
    operations = [row[0] for row in ROWS[1:]]
    assert sorted(operations) == sorted(set(operations))


@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: row[0])
def test_state_is_yes_or_says_why_not(row):
    operation, state = row[0], row[-1]
    assert state == "yes" or state.startswith("no: ")
    if state == "yes":
        assert row[COLUMNS.index("Guile")] == operation


def test_names_in_c_are_exported():
    assert set(names("C")) <= set(headers.exported())


def test_names_in_python_exist():
    needs("python")
    import operator
    import rfctls
    import rfctls.rfc
    for name in names("Python"):
        assert operator.attrgetter(name)(rfctls) is not None


def test_names_in_lua_exist(tmp_path):
    needs("lua")
    script = tmp_path / "names.lua"
    script.write_text("""
local places = {
  [""] = require "rfctls", socket = require "rfctls.socket", plain = require "rfctls.plain",
  rfc = require "rfctls.rfc",
}
for _, name in ipairs(arg) do
  local place, method = name:match "^(%w+):(.+)$"
  if not places[place or ""][method or name] then print(name) end
end
""")
    assert missing([shutil.which("lua5.4") or "luajit"], script, names("Lua")) == []


def test_names_in_guile_exist(tmp_path):
    needs("guile")
    script = tmp_path / "names.scm"
    script.write_text("""
(define interfaces (map resolve-interface '((rfc tls) (rfc x509))))
(for-each (lambda (name)
            (unless (or-map (lambda (interface) (module-variable interface (string->symbol name)))
                            interfaces)
              (display name) (newline)))
          (cdr (command-line)))
""")
    assert missing(["guile"], script, names("Guile")) == []
