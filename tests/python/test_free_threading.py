"""Pythons whose threads run at once (PEP 703): the lock stays away, and ours is not for them by mistake."""
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest

import rfctls
from peers import LIMIT

free_threaded = pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"),
                                   reason="this Python has the GIL")


def run_python(program, *arguments, path=()):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*path, *sys.path])}
    return subprocess.run([sys.executable, *arguments, "-c", program], env=environment, capture_output=True,
                          text=True, timeout=LIMIT)


@free_threaded
def test_the_lock_does_not_come_back():
    program = """
import sys, rfctls, rfctls.aio, rfctls.http, rfctls.rfc
rfctls.Identity.self_signed("x.test")
print(sys._is_gil_enabled())
"""
    ran = run_python(program, "-W", "error")
    assert (ran.stdout, ran.stderr) == ("False\n", "")


def test_a_module_for_pythons_with_the_lock_is_refused_in_one_line(tmp_path):
    """As if a wheel for abi3 had been unpacked by hand: pip would not take it."""
    package = tmp_path / "rfctls"
    shutil.copytree(pathlib.Path(rfctls.__file__).parent, package,
                    ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    (package / "native.abi3.so").touch()
    ran = run_python("import sys; sys.abiflags = 't'; import rfctls", path=[str(tmp_path)])
    assert ran.returncode == 1
    told = ran.stderr.splitlines()[-1]
    assert told.startswith("ImportError: ") and "free-threaded" in told and "pip install" in told
