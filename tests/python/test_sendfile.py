"""loop.sendfile over our transports does what it does over those of ssl."""
import asyncio
import contextlib
import os

import pytest

import rfctls
from peers import CA, LIMIT, client_context, pem

SIZE = 300_000


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "content"
    path.write_bytes(os.urandom(SIZE))
    return path


def talk(client, content, use, *, serve=None):
    """What use(loop, transport, file) came to, and what the server got, over "ssl" or "rfctls"."""
    async def main():
        got = asyncio.get_running_loop().create_future()

        async def swallow(reader, writer):
            got.set_result(await reader.read())
            writer.close()

        server = await rfctls.start_server(
            serve or swallow, "127.0.0.1", 0, identity=rfctls.Identity(*pem("server")))
        port = server.sockets[0].getsockname()[1]
        if client == "ssl":
            _, writer = await asyncio.open_connection("localhost", port, ssl=client_context())
        else:
            _, writer = await rfctls.open_connection("localhost", port, authorities=CA)
        with open(content, "rb") as file:
            try:
                told = await use(asyncio.get_running_loop(), writer.transport, file), file.tell()
            except Exception as error:
                told = type(error), str(error).partition("<")[0]
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        data = None if serve else await got
        server.close()
        return told, data

    return asyncio.run(asyncio.wait_for(main(), LIMIT))


@pytest.mark.parametrize("client", ["ssl", "rfctls"])
@pytest.mark.parametrize("offset, count", [(0, None), (100, None), (0, 5), (7, 100_000), (SIZE, None), (0, 2 * SIZE)])
def test_a_file_is_sent_as_over_ssl(client, content, offset, count):
    (sent, position), data = talk(
        client, content, lambda loop, transport, file: loop.sendfile(transport, file, offset, count))
    expected = content.read_bytes()[offset:][:count]
    assert (sent, position) == (len(expected), offset + len(expected) if expected else offset)
    assert data == expected


def both(content, use, **options):
    first, second = (talk(client, content, use, **options)[0] for client in ("ssl", "rfctls"))
    assert first == second
    return second


def test_without_the_fallback_it_is_refused_as_over_ssl(content):
    kind, _ = both(content, lambda loop, transport, file: loop.sendfile(transport, file, fallback=False))
    assert issubclass(kind, RuntimeError)


def test_a_closed_transport_refuses_a_file_as_over_ssl(content):
    async def use(loop, transport, file):
        transport.close()
        return await loop.sendfile(transport, file)

    assert both(content, use)[0] is RuntimeError


def test_a_file_waits_for_a_slow_reader_and_the_program_goes_on_after_it(content):
    """The program's protocol may write again, and is told so, when the file has left."""
    async def slow(reader, writer):
        for _ in range(20):
            await asyncio.sleep(0)
        assert await reader.readexactly(SIZE + 5) == content.read_bytes() + b"after"
        writer.write(b"got it")
        writer.close()

    async def main():
        server = await rfctls.start_server(slow, "127.0.0.1", 0, identity=rfctls.Identity(*pem("server")))
        port = server.sockets[0].getsockname()[1]
        reader, writer = await rfctls.open_connection("localhost", port, authorities=CA)
        writer.transport.set_write_buffer_limits(high=1000)
        with open(content, "rb") as file:
            assert await asyncio.get_running_loop().sendfile(writer.transport, file) == SIZE
        writer.write(b"after")
        await writer.drain()
        assert await reader.read() == b"got it"
        writer.close()
        server.close()

    asyncio.run(asyncio.wait_for(main(), LIMIT))


def test_a_peer_that_goes_away_ends_it(content):
    async def rude(reader, writer):
        await reader.readexactly(1)
        writer.transport.abort()

    async def use(loop, transport, file):
        transport.set_write_buffer_limits(high=1000)
        for _ in range(1000):
            await loop.sendfile(transport, file)
            await asyncio.sleep(0)

    for client in ("ssl", "rfctls"):
        (kind, _), _ = talk(client, content, use, serve=rude)
        assert issubclass(kind, (OSError, RuntimeError))
