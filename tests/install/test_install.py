"""A program builds against an installed tree by pkg-config and by find_package, and every module
that was built runs from there."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import headers
import pytest

CONSUMER = headers.ROOT / "tests" / "install" / "consumer"
BINDINGS = os.environ["RFCTLS_BINDINGS"].split(",")
VERSION = re.search(r"VERSION (\S+) LANG", (headers.ROOT / "CMakeLists.txt").read_text()).group(1)
EXPECTED = f"{VERSION} openssl OK\n"


def run(*command, **options):
    """A command's standard output; its failure shows what it said."""
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True, check=False,
                          **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installed tree."""
    tree = tmp_path_factory.mktemp("installed") / "prefix"
    run("cmake", "--install", headers.BUILD, "--prefix", tree)
    return tree


def library_dir(prefix):
    return next(prefix.rglob("librfctls.so")).parent


def pkg_config(prefix, *options):
    return shlex.split(run("pkg-config", *options, "rfctls",
                           env={**os.environ, "PKG_CONFIG_PATH": library_dir(prefix) / "pkgconfig"}))


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_program_builds_with_pkg_config(prefix, tmp_path, kind):
    if kind == "static":
        flags = pkg_config(prefix, "--static", "--cflags", "--libs")
        flags = [library_dir(prefix) / "librfctls.a" if flag == "-lrfctls" else flag
                 for flag in flags]
    else:
        flags = [*pkg_config(prefix, "--cflags", "--libs"), f"-Wl,-rpath,{library_dir(prefix)}"]
    run(os.environ["CC"], CONSUMER / "consumer.c", *flags, "-o", tmp_path / "program")
    assert run(tmp_path / "program") == EXPECTED


@pytest.fixture(scope="module")
def cmake_build(prefix, tmp_path_factory):
    build = tmp_path_factory.mktemp("cmake")
    run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_C_COMPILER={os.environ['CC']}")
    run("cmake", "--build", build)
    return build


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_program_builds_with_find_package(cmake_build, kind):
    assert run(cmake_build / kind) == EXPECTED


def test_installed_tree_may_be_moved(prefix, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(prefix, moved, symlinks=True)
    flags = [*pkg_config(moved, "--cflags", "--libs"), f"-Wl,-rpath,{library_dir(moved)}"]
    assert f"-I{moved}" in " ".join(map(os.path.normpath, flags))
    run(os.environ["CC"], CONSUMER / "consumer.c", *flags, "-o", tmp_path / "program")
    assert run(tmp_path / "program") == EXPECTED


def test_soname_link_leads_to_the_versioned_file(prefix):
    link = library_dir(prefix) / "librfctls.so.0"
    assert os.readlink(link) == f"librfctls.so.{VERSION}"


def in_environment(prefix, command):
    """Runs a command in a shell that knows only what rfctls-env.sh tells it."""
    names = ("HOME", "PATH", "LANG", "GUILE_AUTO_COMPILE", "ASAN_OPTIONS", "TSAN_OPTIONS")
    clean = {name: os.environ[name] for name in names if name in os.environ}
    script = next(prefix.rglob("rfctls-env.sh"))
    return run("sh", "-euc", f'. "{script}"; {command}', env=clean)


def needs(language):
    return pytest.mark.skipif(language not in BINDINGS, reason=f"no module for {language} was built")


@needs("python")
def test_python_module_runs_from_the_installed_tree(prefix):
    python = shlex.quote(os.sys.executable)
    text = in_environment(prefix, f"{python} -c 'import rfctls; print(rfctls.__file__)'")
    assert pathlib.Path(text.strip()).is_relative_to(prefix)


@needs("lua")
@pytest.mark.parametrize("lua", ["lua5.1", "lua5.2", "lua5.3", "lua5.4", "lua5.5", "luajit"])
def test_lua_module_runs_from_the_installed_tree(prefix, lua):
    if shutil.which(lua) is None:
        pytest.skip(f"{lua} is not installed")
    assert in_environment(prefix, f"{lua} -e 'print(type(require(\"rfctls\")))'") == "table\n"


@needs("guile")
def test_guile_module_runs_from_the_installed_tree(prefix):
    text = in_environment(
        prefix, "guile -c '(use-modules (rfc tls)) (display (module-filename"
                " (resolve-module (quote (rfc tls)))))'")
    assert text.endswith("rfc/tls.scm")
