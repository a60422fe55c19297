"""The README quotes the examples, it does not retype them."""
import re

import headers
import pytest

FIRST = {"c": "c/first.c", "python": "python/first.py", "lua": "lua/first.lua",
         "scheme": "guile/first.scm"}


def blocks(language):
    text = (headers.ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("language", FIRST)
def test_quoted_program_is_the_example(language):
    assert blocks(language) == [(headers.ROOT / "examples" / FIRST[language]).read_text("utf-8")]
