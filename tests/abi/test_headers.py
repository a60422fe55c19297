"""Every public header compiles alone, as C11 and as C++17, without a warning."""
import os
import subprocess

import headers
import pytest

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
COMPILERS = {"c11": [os.environ["CC"], "-std=c11", "-x", "c"],
             "c++17": [os.environ["CXX"], "-std=c++17", "-x", "c++"]}


def compile_text(language, text):
    return subprocess.run(
        [*COMPILERS[language], *WARNINGS, f"-I{headers.INCLUDE}", "-fsyntax-only", "-"],
        input=text, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("language", COMPILERS)
@pytest.mark.parametrize("header", headers.HEADERS)
def test_header_compiles_alone(header, language):
    done = compile_text(language, f"#include <{header}>\nint main(void) {{ return 0; }}\n")
    assert done.returncode == 0, done.stderr
