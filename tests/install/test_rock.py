"""`luarocks make` builds a rock from the checkout, and the module runs from the rock tree alone."""
import os
import pathlib
import re
import shutil
import subprocess

import headers
import pytest

ROCKSPEC = next(headers.ROOT.glob("rfctls-*.rockspec"))
BINDINGS = os.environ["RFCTLS_BINDINGS"].split(",")
PKI = pathlib.Path(os.environ["RFCTLS_TEST_PKI"])
LIMIT = 240

# Both ends of a connection in one program, so that core and engine are seen to work, too.
PROGRAM = """
local rfctls = require "rfctls"
local pki, file = ..., assert(io.open "/proc/self/maps")
local listener = assert(rfctls.listen("127.0.0.1", 0, { handshake = false,
  certfile = pki .. "/server.pem", keyfile = pki .. "/server.key" }))
local client = assert(rfctls.connect("127.0.0.1", (select(2, listener:getsockname())), {
  handshake = false, cafile = pki .. "/ca.pem", server_name = "server.test", system_trust = false }))
local server = assert(listener:accept())
client:settimeout(0)
server:settimeout(0)
local first, second
repeat
  first, second = first or client:dohandshake(), second or server:dohandshake()
until first and second
assert(client:send "hello\\n")
server:settimeout(10)
print(_VERSION, rfctls._VERSION, server:receive(), rfctls.luasec and rfctls.rfc and rfctls.async and "all")
for line in file:lines() do
  if line:find "rfctls" then print(line:match "%S+$") end
end
"""


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True, check=False,
                          timeout=LIMIT, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rockspec_names_every_file_of_the_module():
    text = ROCKSPEC.read_text(encoding="utf-8")
    folder = headers.ROOT / "bindings" / "lua"
    named = re.findall(r'\["([\w.]+)"\] = "bindings/lua/([\w./]+\.lua)"', text)
    assert sorted(path for _, path in named) == sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*.lua"))
    for module, path in named:
        assert path.removesuffix(".lua").replace("/", ".") == module


def test_rockspec_has_the_version_of_the_library():
    version = re.search(r"VERSION (\S+) LANG", (headers.ROOT / "CMakeLists.txt").read_text()).group(1)
    assert f'version = "{version}-1"' in ROCKSPEC.read_text(encoding="utf-8")
    assert ROCKSPEC.name == f"rfctls-{version}-1.rockspec"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The sources, without what was built of them."""
    copy = tmp_path_factory.mktemp("checkout") / "rfctls"
    shutil.copytree(headers.ROOT, copy, ignore=shutil.ignore_patterns("build", ".git"))
    return copy


@pytest.mark.parametrize("version", ["5.1", "5.4", "5.5"])
def test_rock_runs_from_a_fresh_tree(version, checkout, tmp_path):
    lua = shutil.which(f"lua{version}")
    if "lua" not in BINDINGS or lua is None or shutil.which("luarocks") is None:
        pytest.skip(f"luarocks, lua{version} or its headers are not installed")
    tree = tmp_path / "tree"
    run("luarocks", "make", "--lua-version", version, "--tree", tree, ROCKSPEC.name, cwd=checkout,
        env={**os.environ, "CMAKE_GENERATOR": "Ninja", "HOME": tmp_path})
    share, lib = tree / "share" / "lua" / version, tree / "lib" / "lua" / version
    program = tmp_path / "program.lua"
    program.write_text(PROGRAM)
    said = run(lua, program, PKI, env={"LUA_PATH": f"{share}/?.lua;{share}/?/init.lua",
                                       "LUA_CPATH": f"{lib}/?.so"}).splitlines()
    assert said[0].split("\t")[0] == f"Lua {version}"
    assert said[0].split("\t")[2:] == ["hello", "all"]
    assert set(said[1:]) == {str(lib / "rfctls" / "native.so")}
