"""An echo server in asyncio; prints its port.

    echo_server_asyncio.py IDENTITY [PORT]

IDENTITY is a file with a certificate chain and its key: PEM, or PKCS#12.
"""
from __future__ import annotations

import asyncio
import sys

import rfctls


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except rfctls.Error as error:
        print(f"echo_server_asyncio.py: {error}", file=sys.stderr)
    finally:
        writer.close()


async def main(identity: str, port: str = "0") -> None:
    server = await rfctls.start_server(serve, "0.0.0.0", port, identity=rfctls.Identity.load(identity))
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
