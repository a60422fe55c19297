"""Several interpreters in one process, each with the module and exceptions of its own."""
import contextlib
import os
import pathlib
import shlex
import subprocess
import sys
import sysconfig
import threading

import pytest

import rfctls
from peers import LIMIT

# What each of them does: fails in several ways, and talks to itself.
SCRIPT = f"import sys; sys.path[:] = {sys.path!r}" """
import rfctls
own = rfctls.Identity.self_signed("host.test")
for _ in range(20):
    try:
        rfctls.Certificate.load(b"none")
    except rfctls.ParseError as error:
        assert type(error) is rfctls.ParseError
    try:
        rfctls.wrap(rfctls.MemoryTransport(), handshake=False).recv(1)
    except rfctls.StateError:
        pass
    ours, theirs = rfctls.MemoryTransport(), rfctls.MemoryTransport()
    client = rfctls.wrap(ours, server_name="host.test", handshake=False)
    server = rfctls.wrap(theirs, server_side=True, identity=own, handshake=False)
    try:
        for _ in range(10):
            for sock, mine, other in ((client, ours, theirs), (server, theirs, ours)):
                try:
                    sock.handshake()
                except rfctls.WantReadError:
                    pass
                while data := mine.drain():
                    other.feed(data)
    except rfctls.CertificateError as error:
        assert error.reason == "SELF_SIGNED"
    else:
        raise AssertionError("nobody vouches for this server")
"""


def run_in_new_interpreter(kind):
    """Runs the script in a new interpreter, "legacy" or "isolated"; returns what it failed with."""
    if sys.version_info >= (3, 13):
        import _interpreters as interpreters
        made, execute = interpreters.create(kind), interpreters.exec
    else:
        import _xxsubinterpreters as interpreters
        made, execute = interpreters.create(isolated=kind == "isolated"), interpreters.run_string
    try:
        return execute(made, SCRIPT)
    except Exception as error:
        return error
    finally:
        interpreters.destroy(made)


def in_threads(kind):
    """Runs the script in four interpreters at once, each in a thread; returns what they failed with."""
    failures = []
    threads = [threading.Thread(target=lambda: failures.append(run_in_new_interpreter(kind)))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    return failures


def test_each_interpreter_of_one_lock_raises_its_own_exceptions():
    assert in_threads("legacy") == [None] * 4
    with pytest.raises(rfctls.ParseError):  # and the first one still does
        rfctls.Certificate.load(b"none")


@pytest.mark.skipif(sys.version_info < (3, 12),
                    reason="interpreters with a lock of their own came with Python 3.12")
def test_each_interpreter_with_a_lock_of_its_own_raises_its_own_exceptions():
    assert in_threads("isolated") == [None] * 4


def test_a_second_import_in_one_interpreter_has_its_own_handles():
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "rfctls"}
    handle = rfctls.Config()._handle
    try:
        for name in kept:
            del sys.modules[name]
        import rfctls as again
        with pytest.raises(TypeError, match="config must be a Config"):
            again.connect("127.0.0.1", 1, config=rfctls.Config())
        with pytest.raises(TypeError, match="handle"):
            again.native.rfctls_config_set_session_cache(handle, True)
        with pytest.raises(again.ParseError):
            again.Certificate.load(b"none")
    finally:
        sys.modules.update(kept)
    with pytest.raises(rfctls.ParseError):
        rfctls.Certificate.load(b"none")


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    program = tmp_path_factory.mktemp("host") / "host"
    source = pathlib.Path(__file__).with_name("host.c")
    paths = sysconfig.get_paths()
    library = f"python{sysconfig.get_config_var('LDVERSION')}"
    where = sysconfig.get_config_var("LIBDIR")
    # As python3-config says it: Debian's library is a shared one, that of a build from source an archive.
    more = " ".join(sysconfig.get_config_var(name) for name in ("LIBS", "SYSLIBS", "LINKFORSHARED"))
    command = [*shlex.split(os.environ.get("CC", "cc")), "-pthread", f"-I{paths['include']}",
               str(source), "-o", str(program), f"-L{where}", f"-Wl,-rpath,{where}", f"-l{library}",
               *shlex.split(more)]
    with contextlib.suppress(OSError):
        made = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        if made.returncode == 0:
            return program
        if "-lpython" not in made.stderr:
            pytest.fail(made.stderr)
    pytest.skip(f"no C compiler, or no library {library} to embed")


def test_a_c_program_with_an_interpreter_in_each_of_four_threads(host):
    done = subprocess.run([host, SCRIPT], capture_output=True, text=True, timeout=3 * LIMIT)
    assert done.returncode == 0, done.stderr
