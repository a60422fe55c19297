#!/bin/sh
# A server's SSL_OP_NO_RENEGOTIATION ends the connection of an OpenSSL client that asks to renegotiate.
#
# Versions: pyOpenSSL 26.4.0 on cryptography 50.0.2 (its wheel carries OpenSSL 4.0.3), trustme 1.2.1.
# Guess: RFC 5246, 7.4.1.1, lets a server decline with the alert no_renegotiation, which 7.2.2 makes a
#   warning at all times. So the client's attempt comes to nothing and the connection goes on.
# Behaviour: the server does send a warning (level 1, code 100), and stays up itself. An OpenSSL client makes
#   an error of that warning, and answers with a fatal handshake_failure (level 2, code 40) that ends both.
# Seen:
#   server sends alert level 1 code 100
#   client sends alert level 2 code 40
#   client: no renegotiation
#   server: tls alert handshake failure
# Source: OpenSSL, SSL_CTX_set_options(3) (says only that attempts are declined); ssl/record/rec_layer_s3.c,
#   ssl3_read_bytes(), where a warning no_renegotiation is passed to SSLfatal(); RFC 5246, 7.2.2.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" pyOpenSSL==26.4.0 cryptography==50.0.2 trustme==1.2.1
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
import trustme
from OpenSSL import SSL

seen = []


def context(side):
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_max_proto_version(SSL.TLS1_2_VERSION)

    def told(_, where, code):
        if where & 0x4008 == 0x4008:  # SSL_CB_WRITE_ALERT
            seen.append(f"{side} sends alert level {code >> 8} code {code & 255}")

    made.set_info_callback(told)
    return made


def attempt(end, step):
    try:
        step()
    except SSL.WantReadError:
        pass
    except SSL.Error as error:
        seen.append(f"{end}: {error.args[0][0][2]}")


def carry(giver, taker):
    try:
        taker.bio_write(giver.bio_read(65536))
    except SSL.WantReadError:
        pass


server_context = context("server")
server_context.set_options(SSL.OP_NO_RENEGOTIATION)
trustme.CA().issue_cert("server.test").configure_cert(server_context)
client = SSL.Connection(context("client"), None)
server = SSL.Connection(server_context, None)
client.set_connect_state()
server.set_accept_state()
for _ in range(4):
    attempt("client", client.do_handshake)
    carry(client, server)
    attempt("server", server.do_handshake)
    carry(server, client)
client.send(b"before")
carry(client, server)
assert server.recv(10) == b"before" and not seen, seen

client.renegotiate()
attempt("client", client.do_handshake)
carry(client, server)
attempt("server", lambda: server.recv(10))
carry(server, client)
attempt("client", client.do_handshake)
carry(client, server)
attempt("server", lambda: server.recv(10))
print(*seen, sep="\n")
assert seen == [
    "server sends alert level 1 code 100",
    "client sends alert level 2 code 40",
    "client: no renegotiation",
    "server: tls alert handshake failure",
], "this has changed"
PY
