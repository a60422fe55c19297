"""Checks who includes whom: the arrow base <- x509 <- engine <- net, pki <- tls never turns, engines are
leaves, and only the platform's files see the operating system."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The headers of C11, less <threads.h>, which is the operating system's business.
LIBC = set("""assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal
stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath time uchar
wchar wctype""".split())

# folder: (the core's folders that it may include, the outside headers that it may include)
LAYERS = {
    "base": ({"base"}, None),
    "x509": ({"base", "x509"}, None),
    "engine": ({"base", "x509", "engine"}, None),
    "net": ({"base", "x509", "engine", "net"}, None),
    "pki": ({"base", "x509", "engine", "pki"}, None),
    "tls": ({"base", "x509", "engine", "net", "pki", "tls"}, None),
    "openssl": ({"base", "x509", "engine", "openssl"}, r"openssl/"),
    "schannel": ({"base", "x509", "engine", "schannel"},
                 r"(windows|subauth|bcrypt|ncrypt|wincrypt|security|schannel)\.h$"),
}
# The only files that may include headers of the operating system.
PLATFORM = {"base/posix.c", "base/windows.c", "base/file_posix.c", "base/file_windows.c",
            "base/thread_posix.c", "base/thread_windows.c", "net/posix.c", "net/windows.c",
            "net/posix/sockets.h", "net/windows/sockets.h"}
# net/posix/sockets.h or net/windows/sockets.h, as CMake chooses; and who may see what it shows.
SOCKETS = {"sockets.h": {"net/bsd.h"}, "net/bsd.h": {"net/bsd.c", "net/posix.c", "net/windows.c"}}
PUBLIC_OUTSIDE = {"stddef.h", "stdint.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def is_libc(name):
    return name.endswith(".h") and name[:-2] in LIBC


def is_public(name):
    return name == "rfctls.h" or name.startswith("rfctls/")


def check_public(path):
    for form, name in includes(path):
        if form == "<" and name not in PUBLIC_OUTSIDE:
            yield f"includes <{name}>: a public header may include only <stddef.h> and <stdint.h>"
        if form == '"' and not (ROOT / "include" / name).is_file():
            yield f'includes "{name}", which is not a public header'


def check_core(path):
    core = ROOT / "core"
    layer = path.relative_to(core).parts[0]
    if layer not in LAYERS:
        yield f"lies in core/{layer}, a layer that nobody described"
        return
    folders, library = LAYERS[layer]
    me = path.relative_to(core).as_posix()
    for form, name in includes(path):
        if is_public(name):
            continue
        if form == "<":
            of_library = library is not None and re.match(library, name)
            if not (is_libc(name) or of_library or me in PLATFORM):
                yield f"includes <{name}>, which is not {layer}'s business"
        elif name in SOCKETS:
            if me not in SOCKETS[name]:
                yield f'includes "{name}", which is for {", ".join(sorted(SOCKETS[name]))} alone'
        elif not (core / name).is_file():
            yield f'includes "{name}": files of core/ are named from there'
        elif name.split("/")[0] not in folders:
            yield f'includes "{name}": {layer} may not know it'


def check_public_only(path):
    """Bindings' C code, examples and tests of the public interface: nothing of the core's own."""
    for form, name in includes(path):
        if form == '"' and not is_public(name) and (ROOT / "core" / name).exists():
            yield f'includes "{name}": only what is public may be used here'


def check_scripts(path):
    """Bindings reach the core only through `native`, examples not even that."""
    text = path.read_text(encoding="utf-8")
    if re.search(r"\bctypes\b|\bcffi\b|\(system foreign\)|require\W+ffi\b", text):
        yield "calls C by itself"
    if "examples" in path.relative_to(ROOT).parts and re.search(
            r"rfctls[./]native|rfctls import native|rfc tls native", text):
        yield "uses the native module: an example uses the public one"


RULES = [
    (check_public, ["include/**/*.h"]),
    (check_core, ["core/**/*.[ch]"]),
    (check_public_only, ["swig/**/*.[chi]", "examples/**/*.[ch]", "tests/abi/**/*.[ch]*",
                         "tests/install/**/*.[ch]*", "tests/interop/**/*.[ch]*",
                         "tests/bench/**/*.[ch]"]),
    (check_scripts, ["bindings/**/*.py", "bindings/**/*.lua", "bindings/**/*.scm",
                     "examples/**/*.py", "examples/**/*.lua", "examples/**/*.scm"]),
]


def main():
    checked, faults = 0, []
    for rule, patterns in RULES:
        for pattern in patterns:
            for path in sorted(ROOT.glob(pattern)):
                checked += 1
                faults += [f"{path.relative_to(ROOT)} {fault}" for fault in rule(path)]
    for fault in faults:
        print(fault)
    print(f"{checked} files, {len(faults)} faults")
    return 1 if faults or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
