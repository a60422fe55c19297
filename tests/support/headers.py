"""What the public headers say, read without a compiler."""
import ctypes
import os
import pathlib
import re

ROOT = pathlib.Path(os.environ["RFCTLS_SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["RFCTLS_BUILD_DIR"])
INCLUDE = ROOT / "include"
EMULATOR = os.environ["RFCTLS_EMULATOR"].split()  # what runs a program of this build
TRIPLE = pathlib.Path(os.environ["CC"]).name.partition("-gcc")[0]  # of a cross compiler
HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in INCLUDE.rglob("*.h"))


def _text(name):
    """A header without its comments and preprocessor lines."""
    text = (INCLUDE / name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    return re.sub(r"^\s*#.*(?:\\\n.*)*$", "", text, flags=re.MULTILINE)


def functions():
    """Every function declared with RFCTLS_API."""
    names = []
    for header in HEADERS:
        for declaration in re.findall(r"RFCTLS_API\b([^;]*);", _text(header)):
            names.append(re.search(r"RFCTLS_CALL\s+(\w+)\s*\(", declaration).group(1))
    return names


def declarations():
    """Each function's result and parameters, as (name, result, [(type, name) of a parameter…])."""
    found = []
    for header in HEADERS:
        for declaration in re.findall(r"RFCTLS_API\b([^;]*);", _text(header)):
            result, name, parameters = re.fullmatch(
                r"\s*(.*?)\s*RFCTLS_CALL\s+(\w+)\s*\((.*)\)\s*", declaration, re.DOTALL).groups()
            pairs = [re.fullmatch(r"(.*?) ?(\w+)", " ".join(each.split())).groups()
                     for each in parameters.split(",") if each.strip() != "void"]
            found.append((name, " ".join(result.split()), pairs))
    return found


def signatures():
    """The same without the parameters' names: (name, result, [type of a parameter…])."""
    return [(name, result, [each for each, _ in pairs]) for name, result, pairs in declarations()]


def output_type(parameter):
    """What a parameter, (type, name), is a place for, as a type of ctypes; None: it is no output. The
    room of a buffer (void *) is none."""
    kind = parameter[0]
    if kind.endswith("**"):
        return ctypes.c_void_p
    if not kind.endswith("*") or kind.startswith("const "):
        return None
    kind = kind.rstrip(" *")
    named = {"size_t": ctypes.c_size_t, "intptr_t": ctypes.c_ssize_t, "int": ctypes.c_int}
    if kind in named or re.fullmatch(r"u?int\d+_t", kind):
        return named.get(kind) or getattr(ctypes, f"c_{kind[:-2]}")
    return ctypes.c_int if any(f"}} {kind};" in _text(each) for each in HEADERS) else None


def loaded(library=BUILD / "core" / "librfctls.so"):
    """The library in this process; None where an interpreter cannot load it."""
    if not library.exists() or b"__asan_init" in (data := library.read_bytes()) or (
            b"__tsan_init" in data):  # their runtimes have to be there first
        return None
    return ctypes.CDLL(str(library))


def enumerators():
    """Every enumerator, in the order of the headers."""
    names = []
    for header in HEADERS:
        for body in re.findall(r"typedef enum \w+\s*\{([^}]*)\}", _text(header)):
            names += re.findall(r"\bRFCTLS_\w+", body)
    return names


def exported():
    """The lines of core/rfctls.symbols."""
    return (ROOT / "core" / "rfctls.symbols").read_text(encoding="utf-8").splitlines()
