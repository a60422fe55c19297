"""An echo server with a thread for each connection; prints its port.

    echo_server.py IDENTITY [PORT]

IDENTITY is a file with a certificate chain and its key: PEM, or PKCS#12.
"""
from __future__ import annotations

import sys
import threading

import rfctls


def serve(conn: rfctls.TLSSocket) -> None:
    try:
        with conn:
            conn.handshake()
            while data := conn.recv(65536):
                conn.sendall(data)
    except rfctls.Error as error:
        print(f"echo_server.py: {error}", file=sys.stderr)


def main(identity: str, port: str = "0") -> None:
    with rfctls.listen(port=port, identity=rfctls.Identity.load(identity)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            conn, _ = listener.accept(handshake=False)  # a slow client does not delay others
            threading.Thread(target=serve, args=(conn,), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
