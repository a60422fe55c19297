"""Threads and signals: one thread waits in a socket, and the rest of the program lives."""
import _thread
import os
import signal
import threading
import time

import pytest

import rfctls
from peers import CA, LIMIT, echo, in_thread, pem, read_exactly, serving, silence, tls


@pytest.fixture(autouse=True)
def interruptible():
    """As in a terminal: what a shell starts in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def connect(port, **options):
    return rfctls.connect("localhost", port, ip_version=4, authorities=CA, timeout=20, **options)


def soon(function, *arguments):
    """Calls it after a moment, when the test waits in C."""
    timer = threading.Timer(0.2, function, arguments)
    timer.start()
    return timer


@pytest.mark.parametrize("receive", [lambda sock: sock.recv(1),
                                     lambda sock: sock.recv(1 << 20),
                                     lambda sock: sock.recv_into(bytearray(1))])
def test_control_c_interrupts_a_recv(receive):
    with serving(tls(silence)) as server, connect(server.port) as sock:
        timer = soon(os.kill, os.getpid(), signal.SIGINT)
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            receive(sock)
        assert time.monotonic() - begin < 5
        timer.join()


def test_control_c_interrupts_a_handshake_an_accept_and_a_poll():
    identity = rfctls.Identity(*pem("server"))
    with serving(silence) as server, rfctls.listen("127.0.0.1", 0, identity=identity) as listener:
        poll = rfctls.Poll()
        poll.register(listener)
        for wait in (lambda: connect(server.port), listener.accept, poll.wait):
            timer = soon(os.kill, os.getpid(), signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                wait()
            timer.join()


def test_a_signal_handler_runs_and_the_recv_goes_on():
    ran = []

    def answer_late(conn):
        conn.recv(1)
        conn.sendall(b"x")

    with serving(tls(answer_late)) as server, connect(server.port) as sock:
        before = signal.signal(signal.SIGALRM, lambda *_: ran.append(1) or sock.sendall(b"go"))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            assert sock.recv(1) == b"x"
        finally:
            signal.signal(signal.SIGALRM, before)
        assert ran == [1]


def test_one_thread_sends_while_another_waits_in_recv():
    with serving(tls(echo)) as server, connect(server.port) as sock:
        with in_thread(read_exactly, sock, 5) as received:
            time.sleep(0.2)  # until it waits; the test holds either way
            begin = time.monotonic()
            sock.sendall(b"hello")
            assert time.monotonic() - begin < 0.1
            assert received.result(20) == b"hello"


@pytest.mark.parametrize("wait", ["recv", "accept"])
def test_close_wakes_who_waits(wait):
    identity = rfctls.Identity(*pem("server"))
    with serving(tls(silence)) as server:
        sock = (connect(server.port) if wait == "recv" else
                rfctls.listen("127.0.0.1", 0, identity=identity))
        timer = soon(sock.close)
        begin = time.monotonic()
        with pytest.raises(rfctls.ClosedError):
            sock.recv(1) if wait == "recv" else sock.accept()
        assert time.monotonic() - begin < 1.2
        timer.join()


def test_a_waiting_recv_lets_other_threads_run():
    with serving(tls(silence)) as server, connect(server.port) as sock:
        sock.settimeout(0.5)
        with in_thread(lambda: pytest.raises(TimeoutError, sock.recv, 1)):
            begin = time.monotonic()
            sum(range(1_000_000))
            assert time.monotonic() - begin < 0.4


def test_both_directions_at_once_are_exact():
    data = os.urandom(1 << 20) * 8
    with serving(tls_echo_in_two_threads) as server, connect(server.port) as sock:
        with in_thread(sock.sendall, data):
            assert read_exactly(sock, len(data)) == data


def tls_echo_in_two_threads(conn):
    conn.settimeout(None)
    with rfctls.wrap(conn, server_side=True, identity=rfctls.Identity(*pem("server"))) as sock:
        while data := sock.recv(65536):
            sock.sendall(data)


def test_one_config_serves_many_threads():
    config = rfctls.Config(authorities=CA)

    def talk(_):
        with rfctls.connect("127.0.0.1", port, config=config, timeout=20) as sock:
            sock.sendall(b"hello")
            return read_exactly(sock, 5)

    def serve():
        for _ in range(24):
            conn, _ = listener.accept(handshake=False)
            threading.Thread(target=echo_and_close, args=(conn,), daemon=True).start()

    from concurrent.futures import ThreadPoolExecutor
    with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity(*pem("server"))) as listener:
        port = listener.getsockname()[1]
        with in_thread(serve), ThreadPoolExecutor(8) as pool:
            assert list(pool.map(talk, range(24), timeout=20)) == [b"hello"] * 24


def echo_and_close(conn):
    with conn:
        conn.handshake()
        echo(conn)


def test_a_second_thread_in_a_poll_is_refused():
    with rfctls.listen("127.0.0.1", 0, identity=rfctls.Identity.self_signed("x.test")) as listener:
        poll = rfctls.Poll()
        poll.register(listener)
        with in_thread(poll.wait, 0.6):
            time.sleep(0.2)
            with pytest.raises(rfctls.StateError):
                poll.wait(0)


# Python warns of locks that other threads hold; the child takes none.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_child_process_may_only_drop_its_parents_socket():
    with serving(tls(echo)) as server, connect(server.port) as sock:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                sock.send(b"from the child")
            except rfctls.ForkedError:
                code = 0
            finally:
                del sock
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        sock.sendall(b"hello")
        assert read_exactly(sock, 5) == b"hello"


def test_an_interrupt_in_the_main_thread_is_not_lost_in_a_loop():
    """As a program would meet it: main waits again and again, the interrupt ends it."""
    with serving(tls(silence)) as server, connect(server.port) as sock:
        sock.settimeout(0.01)
        timer = soon(_thread.interrupt_main)
        with pytest.raises(KeyboardInterrupt):
            while True:
                try:
                    sock.recv(1)
                except TimeoutError:
                    pass
        timer.join()


# ---- many at once ----


def at_once(*functions):
    """Calls them in threads that begin together; returns what each returned or raised."""
    results, barrier = [None] * len(functions), threading.Barrier(len(functions))

    def call(place):
        barrier.wait(LIMIT)
        try:
            results[place] = functions[place]()
        except Exception as problem:
            results[place] = problem

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    return results


def test_of_threads_that_come_at_once_one_waits_in_a_poll():
    poll = rfctls.Poll()
    for _ in range(20):
        results = at_once(*[lambda: poll.wait(0.02)] * 8)
        assert results.count([]) >= 1
        assert all(each == [] or isinstance(each, rfctls.StateError) for each in results)


def test_files_that_threads_open_and_close_are_counted():
    with serving(tls(echo)) as server:
        sock = connect(server.port)

        def use():
            for _ in range(200):
                sock.makefile("rb").close()

        assert at_once(*[use] * 8) == [None] * 8
        with sock.makefile("rb"):
            sock.close()
            assert not sock.closed
        assert sock.closed


def test_a_cut_is_told_to_each_thread_that_reads_a_file():
    """Not taken for the polite end by the one to whom another was waiting behind it."""
    reading = threading.Event()

    def cut(conn):
        reading.wait(LIMIT)

    with serving(tls(cut)) as server:
        with connect(server.port) as sock:
            file = sock.makefile("rb")
            with in_thread(lambda: threading.Timer(0.3, reading.set).start()):
                results = at_once(file.readline, file.readline)
    assert [type(each) for each in results] == [rfctls.TruncatedError] * 2


def test_failures_keep_to_their_threads():
    """Each is of its own kind, also when many happen at once."""
    def parse():
        for _ in range(200):
            with pytest.raises(rfctls.ParseError):
                rfctls.Certificate.load(b"none")

    def name():
        for _ in range(200):
            with pytest.raises(rfctls.ArgumentError, match="a b"):
                rfctls.Config(server_name="a b")

    def state():
        for _ in range(200):
            sock = rfctls.wrap(rfctls.MemoryTransport(), server_side=True, handshake=False,
                               identity=identity)
            with pytest.raises(rfctls.StateError):
                sock.recv(1)

    identity = rfctls.Identity(*pem("server"))
    assert at_once(*[parse, name, state] * 3) == [None] * 9
