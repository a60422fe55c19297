"""The exported names are the declared ones, in the version node, and nothing else."""
import subprocess

import headers

NODE = "RFCTLS_0"


def dynamic_symbols():
    library = headers.BUILD / "core" / "librfctls.so"
    lines = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[2]: line.split()[1] for line in lines}


def test_symbols_file_is_sorted_and_without_doubles():
    assert headers.exported() == sorted(set(headers.exported()))


def test_symbols_file_names_what_the_headers_declare():
    assert headers.exported() == sorted(headers.functions())


def test_library_exports_these_names_as_functions_and_nothing_else():
    expected = {f"{name}@@{NODE}": "T" for name in headers.exported()}
    expected[f"{NODE}@@{NODE}"] = "A"
    found = {name if "@" in name else f"{name}@@{name}": kind
             for name, kind in dynamic_symbols().items()}
    assert found == expected


def test_soname_is_that_of_the_first_abi():
    text = subprocess.run(["readelf", "-d", headers.BUILD / "core" / "librfctls.so"],
                          capture_output=True, text=True, check=True).stdout
    assert "soname: [librfctls.so.0]" in text
