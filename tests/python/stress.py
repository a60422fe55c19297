"""Threads that share everything: sockets, listeners, configs, certificates, polls, files, memory transports.

    stress.py [SECONDS [THREADS]]

For Pythons whose threads run at once (PEP 703), and any other. Every byte is compared, and every failure that
is not the one expected ends it with 1; so do sockets that are left over. Prints what was done how often.
"""
import collections
import contextlib
import faulthandler
import gc
import os
import random
import sys
import threading
import time
import traceback

import rfctls
from peers import CA, LIMIT, pem, read_exactly

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 10
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2  # of each job
over = threading.Event()
served = threading.Event()  # all clients are done
failures = []
done = collections.Counter()
counting = threading.Lock()

IDENTITY = rfctls.Identity(*pem("server"))
CONFIG = rfctls.Config(authorities=CA, timeout=LIMIT)
SERVER = rfctls.Config("server", identity=IDENTITY, timeout=LIMIT)
BLOCK = os.urandom(1 << 20)


def job(function, until=over):
    """Runs it again and again until the time is up, or somebody failed."""
    def run():
        try:
            while not until.is_set():
                function()
                with counting:
                    done[function.__name__] += 1
        except BaseException:
            failures.append(f"{function.__name__}: {traceback.format_exc()}")
            over.set()
    return run


@contextlib.contextmanager
def beside(*functions):
    """Runs functions in threads while the body runs; raises what one of them raised."""
    problems = []

    def run(function):
        try:
            function()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(each,)) for each in functions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    for problem in problems:
        raise problem


# ---- the server, which several threads accept from ----

listener = rfctls.listen("127.0.0.1", 0, config=SERVER, timeout=0.2)
PORT = listener.getsockname()[1]


def serve(conn):
    with contextlib.suppress(rfctls.Error):  # clients go as they like
        conn.handshake()
        while data := conn.recv(65536):
            conn.sendall(data)
    with contextlib.suppress(rfctls.Error):
        conn.close()


def accept():
    with contextlib.suppress(rfctls.TimeoutError):
        conn, _ = listener.accept(handshake=False)
        threading.Thread(target=serve, args=(conn,)).start()


def reload():
    listener.reload(rfctls.Config("server", identity=IDENTITY, timeout=LIMIT))
    time.sleep(0.05)


# ---- its clients ----

def connect(**options):
    return rfctls.connect("127.0.0.1", PORT, config=CONFIG.replace(**options) if options else CONFIG)


def talk_in_both_directions():
    begin = random.randrange(len(BLOCK) // 2)
    data = BLOCK[begin:begin + random.randrange(1, len(BLOCK) // 2)]
    with connect() as sock, beside(lambda: sock.sendall(data)):
        assert read_exactly(sock, len(data)) == data


def look_at(sock):
    """Everything that a socket tells, at any time."""
    return [repr(sock), sock.version(), sock.cipher(), sock.group(), sock.pending(), sock.closed,
            sock.peer_certificate, sock.peer_chain, sock.session, sock.session_reused, sock.session_refused,
            sock.selected_alpn_protocol(), sock.server_name, sock.node, sock.service, sock.fileno(),
            sock.getsockname(), sock.getpeername()]


def end_while_others_wait():
    sock = connect()
    end = random.choice([sock.close, sock.abort, lambda: os.close(sock.detach())])

    def wait():
        try:
            while True:
                sock.recv(1)
        except rfctls.ClosedError:
            pass

    def send():
        with contextlib.suppress(rfctls.Error):
            while True:
                sock.sendall(BLOCK[:5000])

    with beside(wait, wait, send, lambda: look_at(sock)):
        time.sleep(random.random() / 100)
        with contextlib.suppress(rfctls.TimeoutError):  # the server may be slower than a close waits
            end()


def look_while_it_shakes():
    sock = rfctls.connect("127.0.0.1", PORT, config=CONFIG, handshake=False)
    with beside(*(lambda: [look_at(sock) for _ in range(5)] for _ in range(2))):  # noqa: F821
        sock.handshake()
    del sock  # dropped, not closed


def ask_the_verifier():
    answer = random.choice([True, False, None, ZeroDivisionError()])

    def verify(depth, trusted, finding):
        assert finding.subject and finding.reason is not None or trusted
        if isinstance(answer, Exception):
            raise answer
        return answer

    try:
        connect(authorities=(), verifier=verify).close()
        assert answer is True
    except rfctls.CertificateError as error:
        assert answer is not True and error.certificate is not None
        wanted = {ZeroDivisionError: ZeroDivisionError, type(None): TypeError, bool: type(None)}
        assert type(error.__cause__) is wanted[type(answer)]


def share_files():
    with connect() as sock:
        def use():
            for _ in range(20):
                sock.makefile("rb").close()

        with beside(use, use):
            use()
        assert sock._files == 0 and not sock.closed
        with sock.makefile("rw", newline="\n") as file:
            sock.close()
            file.write("line\n")
            file.flush()
            assert file.readline() == "line\n" and not sock.closed
        assert sock.closed


# ---- what has no connection ----

def fail_differently():
    kind = random.choice(["name", "parse", "state", "closed"])
    try:
        if kind == "name":
            rfctls.connect("127.0.0.1", PORT, config=CONFIG, server_name=f"{os.urandom(4).hex()}.test")
        elif kind == "parse":
            rfctls.Certificate.load(kind.encode())
        else:
            sock = rfctls.wrap(rfctls.MemoryTransport(), server_name="x", handshake=False)
            if kind == "closed":
                sock.abort()
            sock.recv(1)
    except rfctls.Error as error:
        status = {"name": "VERIFY", "parse": "PARSE", "state": "STATE", "closed": "CLOSED"}[kind]
        assert error.status == f"E_{status}", (kind, error)
    else:
        raise AssertionError(kind)


certificate = IDENTITY.certificate
facts = (certificate.subject, certificate.names, certificate.fingerprint, certificate.as_dict())


def read_one_certificate():
    assert facts == (certificate.subject, certificate.names, certificate.fingerprint, certificate.as_dict())
    assert rfctls.Certificate.load(certificate.der) == certificate
    assert IDENTITY.chain[0] == certificate and certificate.matches(certificate.names[0])


poll = rfctls.Poll()
poll.register(listener)


def wait_in_one_poll():
    try:
        assert all(sock is listener for sock, _ in poll.wait(0.01))
    except rfctls.StateError:
        time.sleep(0.001)


def carry_bytes_by_memory():
    ends = rfctls.MemoryTransport(), rfctls.MemoryTransport()
    client = rfctls.wrap(ends[0], config=CONFIG, server_name="localhost", handshake=False)
    server = rfctls.wrap(ends[1], server_side=True, config=SERVER, handshake=False)
    finished = threading.Event()
    data, received = BLOCK[:100_000], bytearray()

    def carry(source, target):
        while not finished.is_set():
            if chunk := source.drain(random.randrange(1, 20_000)):
                target.feed(chunk)
            else:
                time.sleep(0)

    def again(call, *arguments):
        while True:
            try:
                return call(*arguments)
            except BlockingIOError:
                time.sleep(0)

    def send():
        again(client.handshake)
        sent = 0
        while sent < len(data):
            sent += again(client.send, data[sent:])

    with beside(lambda: carry(*ends), lambda: carry(*reversed(ends)), send):
        try:
            again(server.handshake)
            while len(received) < len(data):
                received += again(server.recv, 7000)
        finally:
            finished.set()
    assert received == data


def collect():
    gc.collect()
    time.sleep(0.1)


def sockets():
    names = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    return sum(os.readlink(name).startswith("socket:") for name in names if os.path.islink(name))


def join(threads):
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(3 * LIMIT)
            if thread.is_alive():
                failures.append(f"{thread.name} does not end")


def main():
    faulthandler.enable()
    before = sockets()
    jobs = [talk_in_both_directions, end_while_others_wait, look_while_it_shakes, ask_the_verifier,
            share_files, fail_differently, read_one_certificate, wait_in_one_poll, carry_bytes_by_memory]
    servers = [threading.Thread(target=job(accept, served)) for _ in range(3)]
    threads = [threading.Thread(target=job(each)) for each in [*jobs * THREADS, reload, collect]]
    for thread in [*servers, *threads]:
        thread.start()
    over.wait(SECONDS)
    over.set()
    join(threads)
    served.set()
    join(threading.enumerate())
    gc.collect()
    if sockets() != before:
        failures.append(f"{sockets() - before} sockets are left over")
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"Python {sys.version.split()[0]}, GIL: {gil}, {SECONDS:.0f} s, {len(threads)} threads:", dict(done))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
