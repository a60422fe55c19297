"""Begins TLS in the middle of a conversation, as SMTP does (RFC 3207), and prints the greeting.

    starttls.py HOST PORT [CAFILE]
"""
from __future__ import annotations

import socket
import sys
from typing import IO, Any

import rfctls


def answer(lines: IO[bytes]) -> str:
    """The last line of an answer, which must be one of success."""
    while True:
        line = bytearray()
        while not line.endswith(b"\n"):  # byte by byte: what follows may be TLS
            byte = lines.read(1)
            if not byte:
                raise EOFError("the server hung up")
            line += byte
        text = line.decode().rstrip()
        if text[:1] not in "23":
            raise ValueError(f"the server said: {text}")
        if text[3:4] != "-":
            return text


def main(host: str, port: str, *authorities: str) -> None:
    plain = socket.create_connection((host, port), timeout=30)
    lines: Any = plain.makefile("rb", buffering=0)
    answer(lines)
    for command in ("EHLO client.example", "STARTTLS"):
        plain.sendall(f"{command}\r\n".encode())
        answer(lines)
    lines.close()
    with rfctls.wrap(plain, server_name=host, authorities=authorities) as sock:
        sock.sendall(b"EHLO client.example\r\n")
        print(answer(sock.makefile("rb", buffering=0)))
        sock.sendall(b"QUIT\r\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (rfctls.Error, EOFError, ValueError) as error:
        sys.exit(f"starttls.py: {error}")
