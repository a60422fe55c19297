"""Server and client know each other by certificates, with keys that never were in a file.

    mutual.py
"""
from __future__ import annotations

import threading

import rfctls


def serve(listener: rfctls.TLSSocket) -> None:
    conn, _ = listener.accept()
    with conn:
        assert conn.peer_certificate is not None
        conn.sendall(f"hello, {conn.peer_certificate.subject}".encode())


def main() -> None:
    # From memory: Identity.load and Certificate.load take bytes just as well (PEM, DER, PKCS#12).
    ours = rfctls.Identity.self_signed("server.example")
    theirs = rfctls.Identity.self_signed("client.example")
    with rfctls.listen(
        "127.0.0.1", 0, identity=ours, authorities=theirs.certificate, peer_certificate="required"
    ) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with rfctls.connect(
            "127.0.0.1",
            listener.getsockname()[1],
            server_name="server.example",
            identity=theirs,
            authorities=ours.certificate,
            system_trust=False,
        ) as sock:
            print(sock.recv(1000).decode())
        thread.join()


if __name__ == "__main__":
    main()
