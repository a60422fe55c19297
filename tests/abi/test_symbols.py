"""The exported names are the declared ones, in the version node, and nothing else."""
import re
import subprocess

import headers
import pytest

NODE = "RFCTLS_0"
DLL = headers.BUILD / "bin" / "librfctls-0.dll"
linux = pytest.mark.skipif(DLL.exists(), reason="a DLL has no version nodes and no soname")
windows = pytest.mark.skipif(not DLL.exists(), reason="there is no DLL in this build")


def dynamic_symbols():
    library = headers.BUILD / "core" / "librfctls.so"
    lines = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[2]: line.split()[1] for line in lines}


def test_symbols_file_is_sorted_and_without_doubles():
    assert headers.exported() == sorted(set(headers.exported()))


def test_symbols_file_names_what_the_headers_declare():
    assert headers.exported() == sorted(headers.functions())


@linux
def test_library_exports_these_names_as_functions_and_nothing_else():
    expected = {f"{name}@@{NODE}": "T" for name in headers.exported()}
    expected[f"{NODE}@@{NODE}"] = "A"
    found = {name if "@" in name else f"{name}@@{name}": kind
             for name, kind in dynamic_symbols().items()}
    assert found == expected


@linux
def test_soname_is_that_of_the_first_abi():
    text = subprocess.run(["readelf", "-d", headers.BUILD / "core" / "librfctls.so"],
                          capture_output=True, text=True, check=True).stdout
    assert "soname: [librfctls.so.0]" in text


@windows
def test_dll_exports_these_names_and_nothing_else():
    text = subprocess.run([f"{headers.TRIPLE}-objdump", "--private-headers", DLL],
                          capture_output=True, text=True, check=True).stdout
    table = text[text.index("[Ordinal/Name Pointer] Table"):]
    assert sorted(re.findall(r"^\s+\[ *\d+\] (\S+)$", table, re.MULTILINE)) == headers.exported()


@windows
def test_dll_needs_only_what_is_part_of_windows():
    text = subprocess.run([f"{headers.TRIPLE}-objdump", "--private-headers", DLL],
                          capture_output=True, text=True, check=True).stdout
    needed = {name.lower() for name in re.findall(r"DLL Name: (\S+)", text)}
    assert needed <= {"advapi32.dll", "bcrypt.dll", "crypt32.dll", "kernel32.dll", "msvcrt.dll",
                      "ncrypt.dll", "secur32.dll", "ws2_32.dll"}
