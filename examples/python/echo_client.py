"""Sends bytes to an echo server, reads them back, compares, and prints one line about it.

    echo_client.py HOST PORT CAFILE SERVERNAME BYTES

Fields, separated by tabs: language, TLS version, cipher, verified name, bytes echoed, milliseconds.
"""
from __future__ import annotations

import os
import platform
import sys
import threading
import time

import rfctls


def exchange(sock: rfctls.TLSSocket, data: bytes) -> bytes:
    """Sends in a thread while it receives here: either alone could wait for the other for ever."""
    sender = threading.Thread(target=sock.sendall, args=(data,), daemon=True)
    sender.start()
    answer = bytearray()
    while len(answer) < len(data) and (part := sock.recv(len(data) - len(answer))):
        answer += part
    sender.join()
    return bytes(answer)


def main(host: str, port: str, ca_file: str, server_name: str, size: str) -> bool:
    data = os.urandom(int(size))
    begin = time.monotonic()
    with rfctls.connect(
        host, port, authorities=ca_file, server_name=server_name, timeout=60
    ) as sock:
        answer = exchange(sock, data)
        cipher = sock.cipher()
        assert cipher is not None
        print(
            f"Python {platform.python_version_tuple()[0]}.{platform.python_version_tuple()[1]}",
            sock.version(),
            cipher[0],
            sock.server_name,
            len(answer),
            round((time.monotonic() - begin) * 1000),
            sep="\t",
        )
    return answer == data


if __name__ == "__main__":
    try:
        sys.exit(0 if main(*sys.argv[1:6]) else 1)
    except rfctls.Error as error:
        sys.exit(f"echo_client.py: {error}")
