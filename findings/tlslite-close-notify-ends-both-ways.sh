#!/bin/sh
# tlslite-ng takes a peer's close_notify as the end of both directions, in TLS 1.3 too.
#
# Versions: tlslite-ng 0.8.2, pyOpenSSL 26.4.0 on cryptography 50.0.2 (its wheel carries OpenSSL 4.0.3), trustme 1.2.1.
# Guess: TLS 1.3 made close_notify an end of the sender's direction alone (RFC 8446, 6.1), so a tlslite client that
#   has read the end can still send its answer to a server that waits for it, as OpenSSL's can.
# Behaviour: the read of the end answers with a close_notify of its own and closes the connection; write() raises
#   TLSClosedConnectionError. The server gets a clean end instead of the answer.
# Seen:
#   tlslite read: b'question' then b'', closed: True
#   tlslite write: TLSClosedConnectionError
#   server, after its shutdown: ZeroReturnError
#   OpenSSL client in its place: server gets b'answer'
# Source: RFC 8446, 6.1; tlslite-ng's tlslite/tlsrecordlayer.py, where any alert of level warning or close_notify is
#   answered with a close_notify and shuts the connection down.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" \
    tlslite-ng==0.8.2 pyOpenSSL==26.4.0 cryptography==50.0.2 trustme==1.2.1
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
import socket
import threading

import trustme
from OpenSSL import SSL
from tlslite.api import TLSConnection
from tlslite.errors import TLSClosedConnectionError

leaf = trustme.CA().issue_cert("server.test")


def over_tls(talk):
    """What the server gets after it has said all that it has to say, and sent close_notify."""
    ours, theirs = socket.socketpair()
    got = []

    def serve():
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        leaf.configure_cert(context)
        server = SSL.Connection(context, theirs)
        server.set_accept_state()
        server.do_handshake()
        server.sendall(b"question")
        server.shutdown()
        try:
            got.append(server.recv(100))
        except SSL.Error as error:
            got.append(type(error).__name__)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    talk(ours)
    thread.join(20)
    return got


def with_tlslite(sock):
    sock.settimeout(20)
    client = TLSConnection(sock)
    client.handshakeClientCert()
    seen.append((client.read(max=100, min=1), client.read(max=100, min=1), client.closed))
    try:
        client.write(b"answer")
        seen.append("written")
    except TLSClosedConnectionError as error:
        seen.append(type(error).__name__)


def with_openssl(sock):
    client = SSL.Connection(SSL.Context(SSL.TLS_METHOD), sock)
    client.set_connect_state()
    client.do_handshake()
    assert client.recv(100) == b"question"
    try:
        client.recv(100)
    except SSL.ZeroReturnError:
        client.sendall(b"answer")


seen = []
got = over_tls(with_tlslite)
print(f"tlslite read: {seen[0][0]} then {seen[0][1]}, closed: {seen[0][2]}")
print(f"tlslite write: {seen[1]}")
print(f"server, after its shutdown: {got[0]}")
also = over_tls(with_openssl)
print(f"OpenSSL client in its place: server gets {also[0]}")
assert seen == [(b"question", b"", True), "TLSClosedConnectionError"], "this has changed"
assert got == ["ZeroReturnError"] and also == [b"answer"], "this has changed"
PY
