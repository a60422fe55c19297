"""Checks the shape of core/: no circle between its files, no file over 450 lines, no function over 60,
and each public function is defined in the file of its header's name, or in one that PARTS names."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ROOT / "core"
FILE_LIMIT, FUNCTION_LIMIT = 450, 60

# Headers whose functions are defined in more files than the one of their name, which would be too long to
# read or would close a circle.
PARTS = {
    "cert.h": {"pki/chain.c"},  # a certificate is read as the first of a chain
    "raw.h": {"net/open.c", "net/transport.c", "net/transport_io.c", "net/transport_memory.c"},
    "socket.h": {"tls/setup.c", "tls/handshake.c", "tls/decision.c", "tls/io.c", "tls/close.c", "tls/wait.c",
                 "tls/info.c", "tls/keying.c"},
    "status.h": {"base/error.c"},
}

COMMENT = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
DEFINITION = re.compile(r"^(?!static|typedef|return|else)[a-z_][\w \*]*?\b(rfctls_\w+)\([^;{}]*?\)\s*\{",
                        re.MULTILINE)
VARIABLE = re.compile(r"^(?:const )?[a-z_]\w+ \*?(rfctls_\w+)(?:\[.*?\])? = ", re.MULTILINE)
NAME = re.compile(r"\brfctls_\w+\b")
FUNCTION = re.compile(r"^[a-z_][^;=#]*\([^;]*\)\s*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
PUBLIC = re.compile(r"\b(rfctls_[a-z]\w*)\(")


def code_of(path):
    """Without comments and texts, line for line."""
    text = path.read_text(encoding="utf-8")
    return COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)


def engine_of(path):
    return path.parts[0] if path.parts[0] in ("openssl", "schannel") else None


def graph_of(codes):
    """file: the files whose functions it uses."""
    makers = {}
    for path, code in codes.items():
        for name in DEFINITION.findall(code) + VARIABLE.findall(code):
            makers.setdefault(name, set()).add(path)
    graph = {}
    for path, code in codes.items():
        graph[path] = {maker for name in set(NAME.findall(code)) for maker in makers.get(name, ())
                       if maker != path and path not in makers[name]
                       and (engine_of(maker) in (None, engine_of(path)))}
    return graph


def circles_in(graph):
    """Tarjan: the strongly connected components of more than one file."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in number:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == number[node]:
            circle = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(circle) > 1:
                found.append(circle)

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def check_circles(codes):
    graph = graph_of(codes)
    for circle in circles_in(graph):
        inside = set(circle)
        arrows = "; ".join(f"{each} -> {', '.join(str(other) for other in sorted(graph[each] & inside))}"
                           for each in sorted(circle))
        yield f"files that use each other in a circle: {arrows}"


def check_sizes(codes):
    for path, code in codes.items():
        lines = code.count("\n")
        if lines > FILE_LIMIT:
            yield f"core/{path} has {lines} lines, more than {FILE_LIMIT}"
        for found in FUNCTION.finditer(code):
            size = found.group().count("\n") + 1
            if size > FUNCTION_LIMIT:
                line = code.count("\n", 0, found.start()) + 1
                yield f"core/{path}:{line} is a function of {size} lines, more than {FUNCTION_LIMIT}"


def check_headers(codes):
    makers = {name: path for path, code in codes.items() for name in DEFINITION.findall(code)}
    for header in sorted((ROOT / "include" / "rfctls").glob("*.h")):
        for name in sorted(set(PUBLIC.findall(code_of(header)))):
            maker = makers.get(name)
            if maker and maker.stem != header.stem and maker.as_posix() not in PARTS.get(header.name, ()):
                yield (f"core/{maker} defines {name} of rfctls/{header.name}: no file of that name, nor "
                       "in PARTS")


def main():
    codes = {path.relative_to(CORE): code_of(path) for path in sorted(CORE.glob("**/*.[ch]"))}
    sources = {path: code for path, code in codes.items() if path.suffix == ".c"}
    faults = [*check_circles(sources), *check_sizes(codes), *check_headers(sources)]
    for fault in faults:
        print(fault)
    print(f"{len(codes)} files, {len(faults)} faults")
    return 1 if faults or not codes else 0


if __name__ == "__main__":
    sys.exit(main())
