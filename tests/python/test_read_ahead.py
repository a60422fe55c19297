"""TLS begins with the bytes that were received before it, when the program hands them over."""
import asyncio
import socket
import ssl

import pytest
import rfctls
from peers import LIMIT, client_context, in_thread, pem

LINE = b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"


def glued_client(port):
    """A client of ssl whose hello comes in one segment with the line; what it hears."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context().wrap_bio(incoming, outgoing, server_hostname="server.test")
    early = LINE
    with socket.create_connection(("127.0.0.1", port), LIMIT) as wire:

        def until_done(step, *arguments):
            nonlocal early
            while True:
                try:
                    done = step(*arguments)
                except ssl.SSLWantReadError:
                    done = None
                if data := outgoing.read():
                    wire.sendall(early + data)
                    early = b""
                if done is not None:
                    return done
                incoming.write(wire.recv(65536))

        until_done(lambda: tls.do_handshake() or True)
        until_done(tls.write, b"hello\n")
        return until_done(tls.read, 100)


@pytest.fixture
def accepted():
    """A socket that such a client has connected to, and the future of what the client heard."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LIMIT)
        with in_thread(glued_client, listener.getsockname()[1]) as heard:
            sock, _ = listener.accept()
            sock.settimeout(LIMIT)
            yield sock, heard


def serve(tls, heard):
    with tls:
        assert tls.recv(100) == b"hello\n"
        tls.sendall(b"ok\n")
        assert heard.result(LIMIT) == b"ok\n"


@pytest.fixture
def options():
    return {"server_side": True, "identity": rfctls.Identity(*pem("server"))}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_was_received_with_a_line_is_the_hello(accepted, options, kind):
    sock, heard = accepted
    data = sock.recv(65536)
    assert data.startswith(LINE) and len(data) > len(LINE)
    serve(rfctls.wrap(sock, received=kind(data[len(LINE):]), **options), heard)


def test_so_is_what_lies_in_the_buffer_of_a_file(accepted, options):
    sock, heard = accepted
    with sock.makefile("rb") as file:
        assert file.readline() == LINE
        ahead = file.peek()
        serve(rfctls.wrap(sock, received=ahead, **options), heard)


def test_over_a_descriptor_too(accepted, options):
    sock, heard = accepted
    data = sock.recv(65536)
    serve(rfctls.wrap(sock.fileno(), received=data[len(LINE):], **options), heard)
    sock.close()


def test_what_was_said_in_the_clear_is_refused_at_once(options):
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(rfctls.Error, match="not TLS"):
        rfctls.wrap(ours, server_name="server.test", received=b"250 injected\r\n")


@pytest.mark.parametrize("wrong", [None, 5, "text", [1]])
def test_anything_but_bytes_is_a_mistake_and_leaves_the_socket_alone(wrong):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(TypeError, match="received must be bytes"):
            rfctls.wrap(ours, server_name="server.test", received=wrong)
        theirs.sendall(b"x")
        assert ours.recv(1) == b"x"


def test_start_tls_begins_with_what_is_given(options):
    async def main():
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        class Server(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport, self.got = transport, b""

            def data_received(self, data):
                self.got += data
                if len(self.got) > len(LINE) and not done.done():
                    done.set_result(self)

        server = await loop.create_server(Server, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        heard = loop.run_in_executor(None, glued_client, port)
        first = await done
        first.transport.pause_reading()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        over = await rfctls.start_tls(first.transport, protocol, received=first.got[len(LINE):],
                                      **options)
        assert await reader.readline() == b"hello\n"
        over.write(b"ok\n")
        assert await heard == b"ok\n"
        over.close()
        server.close()

    asyncio.run(asyncio.wait_for(main(), LIMIT))
