"""Fetches a page over HTTPS and prints it; what was agreed on goes to standard error.

    https_get.py HOST [PORT [PATH [CAFILE]]]
"""
from __future__ import annotations

import sys

import rfctls


def main(host: str, port: str = "443", path: str = "/", *authorities: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    with rfctls.connect(
        host, port, authorities=authorities, alpn=["http/1.1"], timeout=30
    ) as sock:
        print(sock, sock.cipher(), sock.peer_certificate, sep="\n", file=sys.stderr)
        sock.sendall(request.encode())
        while data := sock.recv(65536):
            sys.stdout.buffer.write(data)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except rfctls.Error as error:
        sys.exit(f"https_get.py: {error}")
