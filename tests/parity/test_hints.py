"""swig/hints.tsv: the files made from it are up to date, and what it names in C is there."""
import re
import subprocess
import sys

import headers

TABLE = headers.ROOT / "swig" / "hints.tsv"
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]


def test_the_files_made_of_it_are_up_to_date():
    done = subprocess.run([sys.executable, headers.ROOT / "swig" / "generate.py", "--check"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_file_is_told(tmp_path):
    """The script with its surroundings, one letter of the table changed."""
    for name in ("swig/generate.py", "swig/hints.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((headers.ROOT / name).read_bytes())
    for folder in ("python/rfctls", "lua/rfctls", "guile/rfc/tls/facade"):
        (tmp_path / "bindings" / folder).mkdir(parents=True)
    script = [sys.executable, tmp_path / "swig" / "generate.py"]
    assert subprocess.run([*script, "--check"], capture_output=True, check=False).returncode == 1
    assert subprocess.run(script, check=False).returncode == 0
    assert subprocess.run([*script, "--check"], check=False).returncode == 0
    table = tmp_path / "swig" / "hints.tsv"
    table.write_text(table.read_text(encoding="utf-8").replace("clock", "Clock"), encoding="utf-8")
    done = subprocess.run([*script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert {"_hints.py", "hints.lua", "hints.scm"} <= set(re.findall(r"\w+\.\w+", done.stdout))


def test_every_row_has_a_status_and_says_something():
    assert ROWS[0] == ["status", "reason", "text", "Python", "Lua", "Guile", "C"]
    known = set(headers.enumerators())
    for row in ROWS[1:]:
        assert len(row) == 7 and all(row), row
        assert row[0] == "habit" or f"RFCTLS_{row[0]}" in known, row
        assert row[1] == "-" or f"RFCTLS_REASON_{row[1]}" in known, row
        assert any(cell != "-" for cell in row[3:6]), row
    keys = [tuple(row[:3]) for row in ROWS[1:]]
    assert len(keys) == len(set(keys))


def test_the_header_names_what_a_status_points_at():
    header = (headers.ROOT / "include" / "rfctls" / "status.h").read_text(encoding="utf-8")
    for function in sorted({row[6] for row in ROWS[1:]} - {"-"}):
        assert function in header, function
        assert function in (headers.ROOT / "core" / "rfctls.symbols").read_text(encoding="utf-8")
