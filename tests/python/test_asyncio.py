"""asyncio: streams and protocols over TLS, on asyncio's own loop and on uvloop."""
import asyncio
import contextlib
import gc
import os
import socket
import ssl
import struct
import threading
import tracemalloc
import weakref

import pytest

import rfctls
from peers import (CA, LIMIT, client_context, descriptors, echo, pem, read_all, read_exactly,
                   server_context, serving, silence, tls)

IDENTITY = rfctls.Identity(*pem("server"))
MEBI = 1 << 20


def uvloop_loop():
    return pytest.importorskip("uvloop", reason="uvloop is not installed").new_event_loop()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop_loop], ids=["asyncio", "uvloop"])
def run(request):
    """Runs a coroutine on a loop of this kind, for a limited time; nothing of it is left."""
    def run(main):
        async def limited():
            failures = []
            asyncio.get_running_loop().set_exception_handler(lambda _, told: failures.append(told))
            async with asyncio.timeout(LIMIT):
                result = await main
            return result, failures

        before = threading.active_count()
        with asyncio.Runner(loop_factory=request.param) as runner:
            result, failures = runner.run(limited())
        assert threading.active_count() <= before, "a thread was made"
        assert not failures
        return result

    return run


async def echoing(reader, writer):
    """An echo server's connection."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def listening(callback=echoing, **options):
    """A server of ours on a free port."""
    options = {"identity": IDENTITY} | options
    server = await rfctls.start_server(callback, "127.0.0.1", 0, **options)
    async with server:
        yield server, server.sockets[0].getsockname()[1]
        server.close()


async def connect(port, **options):
    return await rfctls.open_connection(
        "127.0.0.1", port, **{"authorities": CA, "server_name": "localhost"} | options)


async def ended(writer):
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


# ---- talking ----


def test_a_client_and_a_server(run):
    async def main():
        async with listening() as (_, port):
            reader, writer = await connect(port, alpn=["x"])
            writer.write(b"hello\nworld")
            assert await reader.readline() == b"hello\n"
            assert await reader.readexactly(5) == b"world"
            sock = writer.get_extra_info("tls_socket")
            assert (sock.version(), sock.peer_certificate) == ("TLSv1.3", IDENTITY.certificate)
            assert writer.get_extra_info("peercert")["serialNumber"]
            assert writer.get_extra_info("cipher") == sock.cipher()
            assert writer.get_extra_info("peername") == ("127.0.0.1", port)
            assert writer.get_extra_info("nonsense", 7) == 7
            await ended(writer)

    run(main())


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_our_client_and_a_server_of_ssl(run, version):
    async def main(port):
        data = os.urandom(4 * MEBI)
        reader, writer = await connect(port)
        sent = asyncio.ensure_future(send_all(writer, data))
        assert await reader.readexactly(len(data)) == data
        await sent
        writer.write_eof()
        assert await reader.read() == b""
        await ended(writer)

    async def send_all(writer, data):
        writer.write(data)
        await writer.drain()

    with serving(tls(echo, server_context(version=version))) as server:
        run(main(server.port))
        assert server.result() == 4 * MEBI


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_client_of_ssl_and_our_server(run, version):
    data = os.urandom(MEBI)

    async def main():
        async with listening() as (_, port):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=client_context(version), server_hostname="localhost")
            for at in range(0, len(data), 65536):
                writer.write(data[at:at + 65536])
            assert await reader.readexactly(len(data)) == data
            await ended(writer)

    run(main())


def test_many_clients_at_once(run):
    async def one(port, number):
        data = os.urandom(20_000 + number)
        reader, writer = await connect(port)
        writer.writelines([data[:10], data[10:]])
        assert await reader.readexactly(len(data)) == data
        await ended(writer)

    async def main():
        async with listening() as (_, port):
            await asyncio.gather(*(one(port, number) for number in range(100)))

    run(main())


def test_each_direction_ends_by_itself(run):
    async def answer(reader, writer):
        whole = await reader.read()
        writer.write(b"got %d" % len(whole))
        writer.write_eof()
        await ended(writer)

    async def main():
        async with listening(answer) as (_, port):
            reader, writer = await connect(port)
            assert writer.can_write_eof()
            writer.write(b"x" * 100_000)
            writer.write_eof()
            with pytest.raises(RuntimeError):
                writer.write(b"more")
            assert await reader.read() == b"got 100000"
            await ended(writer)

    run(main())


def test_what_was_written_before_a_close_arrives(run):
    came = []

    async def count(reader, writer):
        came.append(len(await reader.read()))
        await ended(writer)

    async def main():
        async with listening(count) as (_, port):
            for _ in range(20):
                _, writer = await connect(port)
                writer.write(bytes(MEBI))
                writer.close()
                await writer.wait_closed()

    run(main())
    assert came == [MEBI] * 20


def test_arguments_that_are_none(run):
    async def main():
        async with listening() as (server, port):
            for arguments, error in [(("127.0.0.1", None), TypeError), ((None, port), TypeError),
                                     (("127.0.0.1", -1), (ValueError, OSError)),
                                     (("127.0.0.1", 1.5), TypeError)]:
                with pytest.raises(error):
                    await rfctls.open_connection(*arguments, authorities=CA)
            with pytest.raises(rfctls.ArgumentError):
                await connect(port, config=rfctls.Config("server"), authorities=())
        with pytest.raises(rfctls.IdentityError):
            await rfctls.start_server(echoing, "127.0.0.1", 0)
        with pytest.raises(rfctls.ArgumentError):
            await rfctls.start_server(echoing, "127.0.0.1", 0, config=rfctls.Config())

    with pytest.raises(TypeError):  # config and options
        run(main())


def test_text_is_not_written(run):
    async def main():
        async with listening() as (_, port):
            _, writer = await connect(port)
            with pytest.raises(TypeError):
                writer.write("text")
            await ended(writer)

    run(main())


# ---- pressure ----


def test_a_peer_that_does_not_read_stops_the_writer(run):
    async def main():
        release = asyncio.Event()

        async def hold(reader, writer):
            writer.transport.pause_reading()
            await release.wait()
            writer.transport.resume_reading()
            total = 0
            while data := await reader.read(65536):
                total += len(data)
            writer.write(b"%d" % total)
            await ended(writer)

        async with listening(hold) as (_, port):
            reader, writer = await connect(port)
            sent = 0
            with pytest.raises(TimeoutError):
                while sent < 64 * MEBI:
                    writer.write(bytes(65536))
                    sent += 65536
                    await asyncio.wait_for(writer.drain(), 0.3)
            assert writer.transport.get_write_buffer_size() < MEBI
            release.set()
            await writer.drain()
            writer.write_eof()
            assert await reader.read() == b"%d" % sent
            await ended(writer)

    run(main())


def test_a_program_that_does_not_read_stops_the_peer(run):
    async def main():
        async def flood(reader, writer):
            with contextlib.suppress(OSError):
                while True:
                    writer.write(bytes(65536))
                    await writer.drain()

        async with listening(flood) as (_, port):
            tracemalloc.start()
            reader, writer = await connect(port)
            await asyncio.sleep(0.3)
            held = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
            assert held < 2 * MEBI
            assert len(await reader.readexactly(20 * MEBI)) == 20 * MEBI
            writer.transport.abort()

    run(main())


# ---- ends ----


def cut(conn):
    conn.sendall(b"all that came\nunfinished")
    with socket.socket(fileno=conn.detach()) as below:
        below.shutdown(socket.SHUT_WR)
        silence(below)


@pytest.mark.parametrize("rest", [
    lambda reader: reader.read(1), lambda reader: reader.read(), lambda reader: reader.readline(),
    lambda reader: reader.readexactly(1), lambda reader: reader.readuntil(b"x")])
def test_a_cut_connection_is_told_after_what_came(run, rest):
    async def main(port):
        reader, writer = await connect(port)
        assert await reader.readline() == b"all that came\n"
        assert await reader.readexactly(10) == b"unfinished"
        with pytest.raises(rfctls.TruncatedError):
            await rest(reader)
        assert isinstance(reader.exception(), rfctls.TruncatedError)
        writer.close()
        with pytest.raises(rfctls.TruncatedError):
            await writer.wait_closed()

    with serving(tls(cut)) as server:
        run(main(server.port))


@pytest.mark.parametrize("read, partial", [
    (lambda reader: reader.read(), b"unfinished"),
    (lambda reader: reader.readline(), b"unfinished"),
    (lambda reader: reader.readexactly(100), b"unfinished"),
    (lambda reader: reader.readuntil(b"x"), b"unfinished")])
def test_what_had_come_before_a_cut_is_the_partial_of_the_failure(run, read, partial):
    async def main(port):
        reader, writer = await connect(port)
        assert await reader.readline() == b"all that came\n"
        with pytest.raises(rfctls.TruncatedError) as caught:
            await read(reader)
        assert caught.value.partial == partial
        writer.transport.abort()

    with serving(tls(cut)) as server:
        run(main(server.port))


def test_a_reset_is_told(run):
    def reset(conn):
        conn.recv(1)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket(fileno=conn.detach()).close()

    async def main(port):
        reader, writer = await connect(port)
        writer.write(b"x")
        # Some uvloops do not say that it was a reset.
        with pytest.raises((rfctls.ResetError, rfctls.TruncatedError)):
            await reader.read(1)
        writer.close()
        with pytest.raises((rfctls.ResetError, rfctls.TruncatedError)):
            await writer.wait_closed()

    with serving(tls(reset)) as server:
        run(main(server.port))


def test_an_abort_says_nothing(run):
    def wait(conn):
        with rfctls.wrap(conn, server_side=True, identity=IDENTITY) as secure:
            with pytest.raises((rfctls.TruncatedError, rfctls.ResetError)):
                read_all(secure)

    async def main(port):
        _, writer = await connect(port)
        writer.transport.abort()
        assert writer.transport.is_closing()

    with serving(wait) as server:
        run(main(server.port))
        server.result()


def test_a_peer_that_never_ends_is_left_after_close_timeout(run):
    async def main(port):
        _, writer = await connect(port, close_timeout=0.2)
        begin = asyncio.get_running_loop().time()
        writer.close()
        await writer.wait_closed()
        took = asyncio.get_running_loop().time() - begin
        assert 0.199 <= took < 5

    with serving(lambda conn: silence_until_fin(conn)) as server:
        run(main(server.port))


def silence_until_fin(conn):
    """Shakes hands, then neither reads nor closes until the connection is gone."""
    with server_context().wrap_socket(conn, server_side=True) as secure:
        with socket.socket(fileno=os.dup(secure.fileno())) as below:
            import select
            poll = select.poll()
            poll.register(below, select.POLLHUP | select.POLLERR)
            deadline = LIMIT * 1000
            poll.poll(deadline)


# ---- failures ----


def test_nobody_listens(run):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(rfctls.ConnectError, match=str(port)) as caught:
            await connect(port)
        assert isinstance(caught.value, ConnectionRefusedError)

    run(main())


def test_an_unknown_host():
    async def main():  # looking up a name is the loop's business, and takes a thread there
        with pytest.raises(rfctls.ResolveError, match="no-such-host.invalid"):
            await rfctls.open_connection("no-such-host.invalid", 443)

    asyncio.run(main())


@pytest.mark.parametrize("name, reason", [
    ("wrong-name", "NAME"), ("expired", "EXPIRED"), ("self-signed", None)])
def test_a_certificate_that_is_refused(run, name, reason):
    async def main(port):
        with pytest.raises(rfctls.CertificateError) as caught:
            await connect(port)
        assert reason is None or caught.value.reason == reason

    def serve(conn):
        with pytest.raises(ssl.SSLError, match="(?i)alert"):
            tls(echo, server_context(name))(conn)

    with serving(serve) as server:
        run(main(server.port))
        server.result()


def test_a_silent_server_ends_at_the_handshakes_timer(run):
    async def main(port):
        with pytest.raises(rfctls.TimeoutError):
            await connect(port, handshake_timeout=0.2)

    with serving(silence) as server:
        run(main(server.port))


def test_a_server_that_does_not_speak_tls(run):
    async def main(port):
        with pytest.raises(rfctls.Error, match="TLS|record|version"):
            await connect(port)

    with serving(lambda conn: (conn.recv(1), conn.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n"),
                               silence(conn))) as server:
        run(main(server.port))


@pytest.mark.parametrize("when", ["handshake", "verifier"])
def test_a_cancelled_connect_closes(run, when):
    async def main(port):
        entered = asyncio.Event()

        async def verifier(depth, trusted, certificate):
            entered.set()
            await asyncio.Event().wait()

        options = {"verifier": verifier} if when == "verifier" else {}
        task = asyncio.create_task(connect(port, **options))
        await (entered.wait() if when == "verifier" else asyncio.sleep(0.1))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    def serve(conn):
        if when == "verifier":
            with contextlib.suppress(OSError):
                tls(silence)(conn)
        else:
            silence(conn)

    with serving(serve) as server:
        run(main(server.port))
        server.result()  # saw the end


def test_bad_clients_do_not_disturb_a_server(run):
    async def main():
        async with listening(handshake_timeout=5.0) as (_, port):
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
            for number in range(10):
                _, plain = await asyncio.open_connection("127.0.0.1", port)
                plain.write(b"GET / HTTP/1.0\r\n\r\n")
                plain.close()
                reader, writer = await connect(port)
                writer.write(b"%d" % number)
                assert await reader.readexactly(1) == b"%d" % number
                await ended(writer)
            for _, writer in silent:
                writer.transport.abort()

    run(main())


# ---- questions ----


def test_a_verifier_may_wait(run):
    seen = []

    async def verifier(depth, trusted, certificate):
        await asyncio.sleep(0)
        seen.append((depth, trusted))
        return True

    async def main():
        async with listening() as (_, port):
            reader, writer = await connect(port, authorities=(), system_trust=False,
                                           verifier=verifier)
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            await ended(writer)

    run(main())
    assert seen[-1][0] == 0 and not all(trusted for _, trusted in seen)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
@pytest.mark.parametrize("fault", [False, None, ZeroDivisionError("mine")])
def test_a_verifier_that_says_no_or_nothing_or_raises(run, kind, fault):
    def plain(depth, trusted, certificate):
        if isinstance(fault, Exception):
            raise fault
        return fault

    async def coroutine(depth, trusted, certificate):
        await asyncio.sleep(0)
        return plain(depth, trusted, certificate)

    async def main(port):
        with pytest.raises(rfctls.CertificateError) as caught:
            await connect(port, verifier=plain if kind == "plain" else coroutine)
        assert caught.value.certificate is not None
        if fault is None:
            assert isinstance(caught.value.__cause__, TypeError)
        elif fault is not False:
            assert caught.value.__cause__ is fault

    def serve(conn):
        with pytest.raises(ssl.SSLError, match="(?i)alert"):
            tls(echo)(conn)

    with serving(serve) as server:
        run(main(server.port))
        server.result()


def test_identities_may_wait(run):
    owner = rfctls.Identity(*pem("client"))

    async def ours(sock):
        await asyncio.sleep(0)
        assert sock.server_name == "localhost"
        return IDENTITY

    async def theirs(sock):
        await asyncio.sleep(0)
        return owner

    async def tell(reader, writer):
        peer = writer.get_extra_info("tls_socket").peer_certificate
        writer.write(peer.subject.encode())
        await ended(writer)

    async def main():
        async with listening(tell, identity=ours, authorities=CA,
                             peer_certificate="required") as (_, port):
            reader, writer = await connect(port, identity=theirs)
            assert (await reader.read()).decode() == owner.certificate.subject
            await ended(writer)

    run(main())


def test_what_a_servers_callable_raises_is_told_to_the_loop():
    told = []

    def broken(sock):
        raise ZeroDivisionError("mine")

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        async with listening(identity=broken) as (_, port):
            with pytest.raises(rfctls.Error):
                await connect(port)

    asyncio.run(main())
    assert [type(each["exception"]) for each in told] == [ZeroDivisionError]


def test_without_asyncio_a_coroutine_is_not_asked():
    async def verifier(depth, trusted, certificate):
        return True

    with serving(lambda conn: contextlib.suppress(OSError).__enter__() or silence(conn)) as server:
        pass
    with serving(tls_or_nothing) as server:
        with pytest.raises(rfctls.CertificateError) as caught:
            rfctls.connect("127.0.0.1", server.port, authorities=CA, verifier=verifier)
        assert "asyncio" in str(caught.value.__cause__)


def tls_or_nothing(conn):
    with contextlib.suppress(OSError):
        tls(silence)(conn)


# ---- servers ----


def test_a_reload_counts_for_what_comes_then(run):
    renewed = rfctls.Identity(*pem("server-rsa"))

    async def shown(port):
        _, writer = await connect(port, session_cache=False)
        certificate = writer.get_extra_info("tls_socket").peer_certificate
        await ended(writer)
        return certificate

    async def main():
        async with listening() as (server, port):
            assert server.is_serving()
            assert await shown(port) == IDENTITY.certificate
            server.reload(server.config.replace(identity=renewed))
            assert await shown(port) == renewed.certificate
            with pytest.raises(rfctls.ArgumentError):
                server.reload(rfctls.Config())

    run(main())


def test_clients_resume(run):
    async def main():
        config = rfctls.Config(authorities=CA, server_name="localhost")
        found = []
        async with listening() as (_, port):
            for _ in range(2):
                reader, writer = await rfctls.open_connection("127.0.0.1", port, config=config)
                writer.write(b"x")
                await reader.readexactly(1)
                found.append(writer.get_extra_info("tls_socket").session_reused)
                await ended(writer)
        assert found == [False, True]

    run(main())


# ---- over a transport that is there ----


async def starttls_server(reader, writer):
    """Plain, until it is told to begin TLS."""
    while await reader.readline() != b"STARTTLS\r\n":
        writer.write(b"what?\r\n")
    writer.write(b"go on\r\n")
    reader, writer = await rfctls.upgrade_connection(reader, writer, server_side=True,
                                                     identity=IDENTITY)
    await echoing(reader, writer)


def test_starttls_with_streams(run):
    async def main():
        server = await asyncio.start_server(starttls_server, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\r\n")
            assert await reader.readline() == b"what?\r\n"
            writer.write(b"STARTTLS\r\n")
            assert await reader.readline() == b"go on\r\n"
            reader, writer = await rfctls.upgrade_connection(
                reader, writer, server_name="localhost", authorities=CA)
            gc.collect()  # the plain writer, too
            for size in (10, 300_000):
                data = os.urandom(size)
                writer.write(data)
                assert await reader.readexactly(size) == data
            await ended(writer)
            server.close()

    run(main())


def test_what_was_said_before_tls_is_not_taken_for_what_is_said_in_it(run):
    def inject(conn):
        conn.recv(100)
        conn.sendall(b"go on\r\ninjected\r\n")
        silence(conn)

    async def main(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"STARTTLS\r\n")
        assert await reader.readline() == b"go on\r\n"
        with pytest.raises(rfctls.ProtocolError, match="TLS"):
            await rfctls.upgrade_connection(reader, writer, server_name="localhost", authorities=CA)

    with serving(inject) as server:
        run(main(server.port))


class Collector(asyncio.Protocol):
    def __init__(self):
        self.data, self.lost = bytearray(), asyncio.get_running_loop().create_future()
        self.calls = []

    def connection_made(self, transport):
        self.calls.append("made")

    def data_received(self, data):
        self.data += data

    def eof_received(self):
        self.calls.append("eof")

    def connection_lost(self, exc):
        self.calls.append("lost")
        self.lost.set_result(exc)


class Buffered(asyncio.BufferedProtocol):
    """The same with a buffer of its own."""

    def __init__(self):
        self.room = bytearray(1000)
        self.data, self.lost = bytearray(), asyncio.get_running_loop().create_future()
        self.calls = []

    def get_buffer(self, sizehint):
        return self.room

    def buffer_updated(self, nbytes):
        self.data += self.room[:nbytes]

    connection_made = Collector.connection_made
    eof_received = Collector.eof_received
    connection_lost = Collector.connection_lost


@pytest.mark.parametrize("kind", [Collector, Buffered])
@pytest.mark.parametrize("how", ["start_tls", "create_connection"])
def test_protocols(run, kind, how):
    data = os.urandom(200_000)

    def say(conn):
        conn.sendall(data)
        assert read_exactly(conn, 3) == b"ack"
        conn.unwrap()

    async def main(port):
        if how == "start_tls":
            transport, app = await asyncio.get_running_loop().create_connection(
                kind, "127.0.0.1", port)
            transport = await rfctls.start_tls(transport, app, server_name="localhost",
                                               authorities=CA)
        else:
            transport, app = await rfctls.create_connection(
                kind, "127.0.0.1", port, server_name="localhost", authorities=CA)
        assert transport.get_protocol() is app and transport.is_reading()
        assert len(transport.get_write_buffer_limits()) == 2
        transport.write(b"ack")
        assert await app.lost is None
        assert bytes(app.data) == data
        assert app.calls == ["made", "eof", "lost"]
        assert transport.is_closing()
        transport.close()

    with serving(tls(say)) as server:
        run(main(server.port))
        server.result()


def test_tls_inside_tls(run):
    async def outer(reader, writer):
        reader, writer = await rfctls.upgrade_connection(reader, writer, server_side=True,
                                                         identity=IDENTITY)
        await echoing(reader, writer)

    async def main():
        async with listening(outer) as (_, port):
            reader, writer = await connect(port)
            reader, writer = await rfctls.upgrade_connection(
                reader, writer, server_name="server.test", authorities=CA)
            data = os.urandom(500_000)
            writer.write(data)
            assert await reader.readexactly(len(data)) == data
            writer.close()
            await writer.wait_closed()

    run(main())


def test_a_connected_socket_is_taken(run):
    async def main(port):
        sock = socket.create_connection(("127.0.0.1", port))
        reader, writer = await rfctls.open_connection(sock=sock, server_name="localhost",
                                                      authorities=CA)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        await ended(writer)

    with serving(tls(echo)) as server:
        run(main(server.port))


# ---- nothing is left ----


def test_connections_are_collected(run):
    async def main():
        gone = []
        async with listening() as (_, port):
            for number in range(30):
                reader, writer = await connect(port)
                writer.write(b"x")
                await reader.readexactly(1)
                gone.append(weakref.ref(writer.get_extra_info("tls_socket")))
                if number % 2:
                    await ended(writer)
                else:
                    writer.transport.abort()
                del reader, writer
        await asyncio.sleep(0)
        gc.collect()
        return sum(each() is not None for each in gone)

    before = descriptors()
    assert run(main()) <= 1
    gc.collect()
    assert descriptors() <= before + 3


def test_every_collection_at_once(run):
    async def main():
        async with listening() as (_, port):
            reader, writer = await connect(port)
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
            await ended(writer)

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        run(main())
    finally:
        gc.set_threshold(*threshold)
