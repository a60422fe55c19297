"""Is the source as it should be, and would we be told if it were not?

Each gate is a command over some of the files: it has to be content with them, and to refuse the same tree with
one fault planted in it. Run by `tests/run.sh gates`, which sets:

RFCTLS_GATES_BUILD: a build tree of the preset dev, for the gates that look at what was built."""
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["RFCTLS_GATES_BUILD"]).resolve()
LEFT_OUT = {"build", ".git", "__pycache__", "seeds"}
LIMIT = 600  # seconds, for a gate

CORE = ["-std=c11", "-DRFCTLS_BUILD", "-Iinclude", "-Icore"]
POSIX = ["-Icore/net/posix", "-D_GNU_SOURCE="]
BUG = "char planted(const char *text) { return text == NULL ? *text : 'x'; }"
SOURCED = [f"tests/support/{name}.sh" for name in ["bench", "debian", "machine", "parts", "wine"]]
WINDOWS = ["core/schannel/*.c", "core/*/*windows.c"]


@dataclasses.dataclass
class Fault:
    """A line that is put at a file's end, or before the first place of a text, and what the gate then says."""
    file: str
    line: str
    word: str
    before: str = ""

    def plant(self, root):
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        place = text.index(self.before) if self.before else len(text)
        path.write_text(f"{text[:place]}{self.line}\n{text[place:]}", encoding="utf-8")


@dataclasses.dataclass
class Gate:
    """A command, which is run in the root, and gets the names of the files last: those of globs, but for some."""
    command: list
    files: list
    fault: Fault
    except_for: list = ()
    environment: dict = dataclasses.field(default_factory=dict)

    def names(self, root):
        left_out = {path for pattern in self.except_for for path in root.glob(pattern)}
        found = {path for pattern in self.files for path in root.glob(pattern)}
        return sorted(str(path.relative_to(root)) for path in found - left_out
                      if not LEFT_OUT & set(path.relative_to(root).parts) and path.is_file())

    def run(self, root, names):
        """What it says, or None when it is content."""
        assert names
        done = subprocess.run([*self.command, *names], cwd=root, env=os.environ | self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              errors="replace", timeout=LIMIT)
        return None if done.returncode == 0 else done.stdout


def tool(name):
    """A program of the same virtual environment as this interpreter."""
    return str(pathlib.Path(sys.executable).parent / name)


def script(name):
    return [sys.executable, f"tests/gates/{name}.py"]


GATES = {
    "clang-format": Gate(
        [tool("clang-format"), "--dry-run", "--Werror"], ["**/*.[ch]", "**/*.[ch]pp"],
        Fault("core/base/error.c", "int  planted( void ) ;", "should be clang-formatted")),
    "clang-tidy": Gate(
        [*script("tidy"), *POSIX, *CORE], ["core/**/*.c"],
        Fault("core/tls/name.c", BUG, "clang-analyzer-core.NullDereference"), WINDOWS),
    "shellcheck": Gate(
        ["shellcheck", "--check-sourced", "--source-path=SCRIPTDIR", "--source-path=."], ["**/*.sh", ".ci/run"],
        Fault("tests/run.sh", "rm $1/*", "SC2086"), SOURCED),
    "ruff": Gate(
        [tool("ruff"), "check", "--no-cache"], ["**/*.py"],
        Fault("bindings/python/rfctls/address.py", "import struct", "F401")),
    "luacheck": Gate(
        ["luacheck", "--no-color", "--no-cache", "--quiet"], ["**/*.lua"],
        Fault("bindings/lua/rfctls/init.lua", "no_such_name()", "no_such_name", before="return ")),
    "guild": Gate(
        script("guild"), ["bindings/guile/**/*.scm"],
        Fault("bindings/guile/rfc/tls/facade/address.scm", "(define (planted) (no-such-name))", "no-such-name"),
        ["bindings/guile/rfc/tls/facade/*"],  # which facade.scm includes
        {"GUILE_AUTO_COMPILE": "0", "RFCTLS_STAGE": str(BUILD / "stage/guile")}),
    "codespell": Gate(
        [tool("codespell")], ["**/*.*", ".ci/run"], Fault("README.md", "What they recieve.", "receive"),
        ["tests/support/odd/*", "LICENSE", "tests/gates/*"]),
    "abidiff": Gate(
        [*script("abi"), str(BUILD)], ["tests/gates/rfctls.abi"],
        Fault("tests/gates/rfctls.abi", "<enumerator name='RFCTLS_PLANTED' value='99'/>", "RFCTLS_PLANTED",
              before="<enumerator name='RFCTLS_CLIENT'")),
}


@pytest.mark.parametrize("name", GATES)
def test_the_source_passes(name):
    said = GATES[name].run(ROOT, GATES[name].names(ROOT))
    assert said is None, said


@pytest.mark.parametrize("name", GATES)
def test_a_planted_fault_is_found(name, tmp_path):
    gate, fault, tree = GATES[name], GATES[name].fault, tmp_path / "tree"
    shutil.copytree(ROOT, tree, symlinks=True, ignore=lambda _, names: LEFT_OUT & set(names))
    fault.plant(tree)
    names = gate.names(tree)
    said = gate.run(tree, [fault.file] if fault.file in names else names)
    assert said is not None and fault.word in said
