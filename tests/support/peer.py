"""The other side of a connection, for the Lua and Guile tests: `peer.py ROLE [ARGUMENT...]`.

A server prints its port, serves one connection in the way that its role says, and then prints one
line about what it saw: `saw BYTES` after decryption, or `failed REASON` if there was no handshake. A
client connects to a port. Everything ends by itself after half a minute.
"""
import os
import signal
import socket
import ssl
import struct
import sys
import time

PKI = os.environ["RFCTLS_TEST_PKI"]


def pki(name):
    return os.path.join(PKI, name)


def server_context(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # the bad certificates must be servable
    context.load_cert_chain(pki(name + ".pem"), pki(name + ".key"))
    return context


def tell(*words):
    """A test that knows enough has perhaps stopped listening."""
    try:
        os.write(1, (" ".join(map(str, words)) + "\n").encode())
    except BrokenPipeError:
        pass


def accept():
    listener = socket.create_server(("127.0.0.1", 0))
    tell(listener.getsockname()[1])
    connection, _ = listener.accept()
    listener.close()
    connection.settimeout(20)
    return connection


def accept_tls(context):
    connection = accept()
    try:
        return context.wrap_socket(connection, server_side=True)
    except (ssl.SSLError, OSError) as error:
        tell("failed", getattr(error, "reason", None) or type(error).__name__)
        sys.exit(0)


def read_all(tls):
    """How many bytes came until the end, however it came."""
    count = 0
    try:
        while data := tls.recv(65536):
            count += len(data)
    except (ssl.SSLError, OSError):
        pass
    return count


def wait_for_end(connection):
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass


# ---- servers ----


def echo(name, newest="TLSv1_3", ciphers="DEFAULT:@SECLEVEL=0"):
    """Echoes until the client's goodbye, and says goodbye."""
    context = server_context(name)
    context.set_ciphers(ciphers)
    context.maximum_version = ssl.TLSVersion[newest]
    tls = accept_tls(context)
    count = 0
    try:
        while data := tls.recv(65536):
            tls.sendall(data)
            count += len(data)
        tls.unwrap().close()
    except (ssl.SSLError, OSError):
        pass
    tell("saw", count)


def silent():
    """Accepts TCP, and says nothing."""
    wait_for_end(accept())


def mute():
    """Shakes hands, then says nothing."""
    tls = accept_tls(server_context("server"))
    tell("saw", read_all(tls))


def late(seconds):
    """Shakes hands, and says a line after some time."""
    tls = accept_tls(server_context("server"))
    time.sleep(float(seconds))
    tls.sendall(b"late\n")
    tell("saw", read_all(tls))


def say(size, ending):
    """Sends so many bytes, then ends: politely, cut (TCP's end alone), or reset."""
    tls = accept_tls(server_context("server"))
    tls.sendall(bytes(i % 251 for i in range(int(size))))
    if ending == "polite":
        wait_for_end(tls.unwrap())
    elif ending == "cut":
        raw = socket.socket(fileno=tls.detach())
        raw.shutdown(socket.SHUT_WR)
        wait_for_end(raw)
    else:
        tls.recv(1)  # the client says when
        raw = socket.socket(fileno=tls.detach())
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()


def drip(seconds):
    """Reads as slowly as it takes to fill every buffer between the two, then reads all."""
    tls = accept_tls(server_context("server"))
    time.sleep(float(seconds))
    tell("saw", read_all(tls))


def plain():
    """A web server without TLS."""
    connection = accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
    wait_for_end(connection)


def http(name, answer, ending="polite"):
    """Answers one request with a text, in which \\r and \\n stand for those bytes; tells what it heard."""
    tls = accept_tls(server_context(name))
    request = b""
    while b"\r\n\r\n" not in request:
        request += tls.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    if head.startswith(b"POST"):
        while len(body) < 3:
            body += tls.recv(65536)
    tls.sendall(answer.replace("\\r", "\r").replace("\\n", "\n").encode())
    if ending == "polite":
        wait_for_end(tls.unwrap())
    else:
        raw = socket.socket(fileno=tls.detach())
        raw.shutdown(socket.SHUT_WR)
        wait_for_end(raw)
    tell("heard", head.decode().splitlines()[0], body.decode())


# ---- clients ----


def client(port, text, name=""):
    """Sends a line, prints the line that comes back. With a name: shows that certificate."""
    context = ssl.create_default_context(cafile=pki("ca.pem"))
    if name:
        context.load_cert_chain(pki(name + ".pem"), pki(name + ".key"))
    try:
        with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as connection:
            with context.wrap_socket(connection, server_hostname="server.test") as tls:
                tls.sendall(text.encode() + b"\n")
                tell(tls.makefile("rb").readline().decode().rstrip("\n"))
                tls.unwrap()
    except (ssl.SSLError, OSError) as error:
        tell("failed", getattr(error, "reason", None) or type(error).__name__)


ROLES = {role.__name__: role for role in (echo, silent, mute, late, say, drip, plain, http,
                                            client)}

if __name__ == "__main__":
    signal.alarm(30)
    ROLES[sys.argv[1]](*sys.argv[2:])
