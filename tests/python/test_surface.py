"""The package as it is met: names, documentation, types, import."""
import ast
import inspect
import os
import pathlib
import pickle
import re
import subprocess
import sys

import pytest

import rfctls

CLASSES = [value for name, value in vars(rfctls).items()
           if isinstance(value, type) and not name.startswith("_")]
ERRORS = [cls for cls in CLASSES if issubclass(cls, Exception)]


def test_what_is_exported_is_there_and_all_of_it():
    public = {name for name in dir(rfctls) if not name.startswith("_")
              and not inspect.ismodule(getattr(rfctls, name))} - {"annotations", "TYPE_CHECKING"}
    assert public == set(rfctls.__all__)


def test_everything_public_is_documented_and_annotated():
    for name in rfctls.__all__:
        thing = getattr(rfctls, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        assert thing.__doc__, name
        members = vars(thing).items() if inspect.isclass(thing) else [(name, thing)]
        for member, value in members:
            value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if inspect.isfunction(value) and not member.startswith("_"):
                assert value.__doc__, f"{name}.{member}"
                assert "return" in value.__annotations__, f"{name}.{member}"


def test_every_status_has_a_class_of_its_own():
    statuses = {cls.status for cls in ERRORS if cls is not rfctls.Error}
    assert len(statuses) == len(ERRORS) - 1
    header = (pathlib.Path(__file__).parents[2] / "include/rfctls/status.h").read_text()
    assert statuses == set(re.findall(r"RFCTLS_(E_\w+) =", header)) | {"WANT_READ", "WANT_WRITE"}


@pytest.mark.parametrize("cls, caught", [
    (rfctls.TimeoutError, TimeoutError), (rfctls.ResetError, ConnectionResetError),
    (rfctls.ConnectError, ConnectionRefusedError), (rfctls.WantReadError, BlockingIOError),
    (rfctls.WantWriteError, BlockingIOError), (rfctls.CertificateError, ValueError),
    (rfctls.ArgumentError, ValueError), (rfctls.ParseError, ValueError),
    (rfctls.OutOfMemoryError, MemoryError), (rfctls.TruncatedError, ConnectionError),
    (rfctls.UnsupportedError, NotImplementedError)])
def test_errors_are_caught_by_the_names_that_programs_know(cls, caught):
    assert issubclass(cls, caught) and issubclass(cls, rfctls.Error) and issubclass(cls, OSError)


def test_an_error_survives_a_pickle():
    with pytest.raises(rfctls.ConnectError) as caught:
        rfctls.connect("127.0.0.1", 1, timeout=5)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is rfctls.ConnectError
    assert (str(copy), copy.errno, copy.origin) == (
        str(caught.value), caught.value.errno, caught.value.origin)


def test_import_stays_light():
    program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
               "before = set(sys.modules); import rfctls\n"
               "print(*sorted(set(sys.modules) - before))")
    folder = str(pathlib.Path(rfctls.__file__).parents[1])
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program, folder],
                          capture_output=True, text=True, check=True, timeout=20)
    loaded = set(done.stdout.split())
    assert not loaded & {"enum", "socket", "ssl", "typing", "dataclasses", "asyncio", "re",
                         "collections", "functools", "datetime"}


def in_a_new_python(program):
    folder = str(pathlib.Path(rfctls.__file__).parents[1])
    program = f"import sys; sys.path.insert(0, {folder!r}); import rfctls\n{program}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name, used", [
    ("aio", "aio.open_connection"), ("http", "http.HTTPSConnection"), ("rfc", "rfc.tls_socket_send"),
    ("requests", "requests.Adapter"), ("urllib3", "urllib3.PoolManager")])
def test_a_module_is_imported_by_the_first_who_asks_for_it(name, used):
    pytest.importorskip(name if name in ("requests", "urllib3") else "rfctls")
    assert in_a_new_python(f"assert 'rfctls.{name}' not in sys.modules\nprint(rfctls.{used}.__module__)"
                           ) == f"rfctls.{name}"


@pytest.mark.skipif(sys.version_info < (3, 15), reason="imports are lazy from Python 3.15 on")
def test_every_import_may_be_lazy():
    program = "import rfctls; " + "; ".join(f"rfctls.{name}" for name in rfctls.__all__)
    subprocess.run([sys.executable, "-W", "error", "-X", "dev", "-X", "lazy_imports=all", "-c",
                    f"{program}; rfctls.aio; rfctls.rfc; rfctls.http; rfctls.Config('client')"],
                   check=True, timeout=60)


def test_a_module_whose_client_is_not_installed_says_so():
    program = ("sys.modules['requests'] = None\nassert not hasattr(rfctls, 'requests')\n"
               "try: rfctls.requests\nexcept AttributeError as error: print(error)\n"
               "try: from rfctls import requests\nexcept ImportError as error: print('ImportError')")
    told, imported = in_a_new_python(program).splitlines()
    assert "rfctls.requests cannot be imported" in told and "requests" in told
    assert imported == "ImportError"


@pytest.mark.parametrize("maker", [
    "connect", "listen", "open_connection", "create_connection", "start_server", "create_server"])
def test_every_maker_takes_the_host_and_then_the_port(maker):
    named = [name for name in inspect.signature(getattr(rfctls, maker)).parameters
             if name not in ("protocol_factory", "client_connected_cb")]
    assert named[:2] == ["host", "port"]


def test_a_port_where_the_host_is_due_is_told():
    with pytest.raises(TypeError, match="host must be a str"):
        rfctls.listen(0, "127.0.0.1", identity=rfctls.Identity.self_signed("x.test"))


TYPED = '''
import socket
import rfctls
import rfctls.http

def port_of(sock: rfctls.TLSSocket | socket.socket) -> int:
    host, port = sock.getsockname()[:2]
    number: int = sock.getpeername()[1]
    return number + int(port)

with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity.self_signed("x.test")) as listener:
    place: tuple[str, int] = listener.getsockname()
    conn, (host, port) = listener.accept()
    path: str = conn.getpeername()
print(rfctls.http.HTTPSConnection("x.test"), rfctls.rfc.tls_socket_send, rfctls.aio.TLSTransport)
'''


def test_the_types_are_those_of_typeshed(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed")
    program = tmp_path / "program.py"
    program.write_text(TYPED)
    folder = pathlib.Path(rfctls.__file__).parents[1]
    found = {} if folder.name == "site-packages" else {"MYPYPATH": str(folder)}  # mypy looks there itself
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"),
                           str(program)], capture_output=True, text=True, timeout=100,
                          env={**os.environ, **found})
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_is_marked_as_typed():
    folder = pathlib.Path(rfctls.__file__).parent
    assert (folder / "py.typed").exists()
    stub = ast.parse((folder / "native.pyi").read_text())
    typed = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}
    typed |= {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}
    assert typed == {name for name in dir(rfctls.native) if not name.startswith("_")}


def test_representations_say_what_something_is():
    identity = rfctls.Identity.self_signed("x.test")
    with rfctls.listen("127.0.0.1", 0, identity=identity) as listener:
        assert repr(listener).startswith("<rfctls.TLSSocket listener 127.0.0.1:")
    assert "x.test" in repr(identity) and "x.test" in repr(identity.certificate)
    assert repr(rfctls.Config()).startswith("rfctls.Config('client'")


def test_it_says_what_it_is_built_on():
    assert rfctls.__version__.count(".") == 2
    assert "OpenSSL" in rfctls.engine()
