"""The enumerators' numbers are those of the committed table: they never move."""
import os
import subprocess

import headers

TABLE = headers.ROOT / "tests" / "abi" / "enums.tsv"


def committed():
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    return {name: int(value) for name, value in rows}


def compiled(tmp_path):
    program, source = tmp_path / "enums.exe", tmp_path / "enums.c"
    prints = "".join(f'  printf("{name}\\t%d\\n", (int){name});\n'
                     for name in headers.enumerators())
    source.write_text("#include <rfctls.h>\n#include <stdio.h>\n"
                      f"int main(void) {{\n{prints}  return 0;\n}}\n")
    subprocess.run([os.environ["CC"], f"-I{headers.INCLUDE}", source, "-o", program], check=True)
    lines = subprocess.run([*headers.EMULATOR, program], capture_output=True, text=True, check=True).stdout
    return {name: int(value) for name, value in (row.split("\t") for row in lines.splitlines())}


def test_numbers_are_those_of_the_table(tmp_path):
    assert compiled(tmp_path) == committed()
