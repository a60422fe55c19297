"""Many clients at once: 1,000 in asyncio, 1 MiB each way, against a server in a process of its own.

    scale.py [CLIENTS [BYTES]]

Runs our server and asyncio's own with ssl, alternately, each with the same clients (asyncio's own), and
prints for each run the seconds and the server's peak memory. Ends with 1 if a byte was wrong, a run took
longer than 90 s, or our server's peak is above that of ssl.
"""
import asyncio
import hashlib
import os
import resource
import ssl
import subprocess
import sys
import time

from peers import client_context, pem

BLOCK = 64 * 1024
LIMIT = 90
AT_ONCE = 1000


async def answer(reader, writer):
    """Echoes until the client's end."""
    try:
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    except OSError as error:
        print("server:", repr(error), file=sys.stderr)


async def serve(kind):
    """Prints the port; at the end of standard input, the peak of resident memory in KiB."""
    if kind == "rfctls":
        import rfctls

        server = await rfctls.start_server(answer, "127.0.0.1", 0, backlog=4096,
                                           identity=rfctls.Identity(*pem("server")))
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pem("server"))
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


async def one(port, size, context, ready):
    """Connects, waits for the others, then sends and receives; whether all bytes came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context,
                                                   server_hostname="localhost",
                                                   ssl_handshake_timeout=LIMIT)
    await ready.wait()
    block = os.urandom(BLOCK)
    expected, came = hashlib.sha256(), hashlib.sha256()

    async def send():
        left = size
        while left:
            part = block[:left]
            expected.update(part)
            writer.write(part)
            await writer.drain()
            left -= len(part)

    sending = asyncio.ensure_future(send())
    left = size
    while left:
        data = await reader.read(min(BLOCK, left))
        if not data:
            return False
        came.update(data)
        left -= len(data)
    await sending
    writer.close()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        pass
    return came.digest() == expected.digest()


async def clients(port, count, size):
    context = client_context()
    ready = asyncio.Barrier(count)
    results = await asyncio.gather(*(one(port, size, context, ready) for _ in range(count)))
    return sum(results)


def run(kind, count, size):
    """Whether all went well, and the peak of the server in KiB."""
    with subprocess.Popen([sys.executable, __file__, "serve", kind], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        port = int(server.stdout.readline())
        begin = time.monotonic()
        right = asyncio.run(asyncio.wait_for(clients(port, count, size), LIMIT + 30))
        took = time.monotonic() - begin
        peak = int(server.communicate()[0])
    print(f"{kind:<8}{right:>6} of {count} clients, {size} bytes each way, exact;"
          f" {took:6.1f} s; server's peak {peak / 1024:7.1f} MiB", flush=True)
    return right == count and took <= LIMIT, peak


def main(count=AT_ONCE, size=1 << 20):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    well, ours = run("rfctls", count, size)
    _, theirs = run("ssl", count, size)
    return 0 if well and ours <= theirs else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
