"""Clients and servers of every kind, ours among them, all driven in the same way.

A server is a context: `with kind(version=, identity=, alpn=, demand=) as server`. It listens on
`server.port`, echoes in the manner of `kind.answer(payload)`, and tells of its next client what it
saw, `server.seen()`: version, alpn, sni and subject, or that it refused it, `server.refused()`. A
client is a call: `kind.talk(port, payload, version=, name=, alpn=, identity=)` returns what came
back and what it saw, or raises Refused. A program that is not installed is a skip.
"""
import concurrent.futures
import contextlib
import functools
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

EMULATOR = os.environ["RFCTLS_EMULATOR"].split()  # what runs our program, when it is another system's
PEER = [*EMULATOR, os.environ["RFCTLS_INTEROP_PEER"]]
GOOD_SERVER = "server-rsa-direct" if EMULATOR else "server"
PKI = pathlib.Path(os.environ["RFCTLS_TEST_PKI"])
CA = str(PKI / "ca.pem")
HOST = "127.0.0.1"
LIMIT = 20  # seconds that anything here may take; not reached when all is well


def pem(name):
    return str(PKI / f"{name}.pem")


def key(name):
    return str(PKI / f"{name}.key")


class Refused(Exception):
    """There was no conversation. Our own client tells the facts as well."""

    def __init__(self, text, facts=None):
        super().__init__(text)
        self.facts = facts


def require(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


class Program:
    """A program that runs, with all that it says; killed at the end if it has not ended."""

    def __init__(self, *command):
        require(command[0])
        self.text = ""
        self._read_to = 0
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def _read(self):
        while data := self.process.stdout.read1(65536):
            with self._changed:
                self.text += data.decode("latin-1")
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def write(self, data):
        with contextlib.suppress(BrokenPipeError):  # it gave up: its words say why
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def wait_for(self, pattern):
        """Waits until it has said this, after what was waited for before; None if it ended."""
        end = time.monotonic() + LIMIT
        with self._changed:
            while not (match := re.compile(pattern, re.DOTALL).search(self.text, self._read_to)):
                if self._ended:
                    return None
                if not self._changed.wait(end - time.monotonic()):
                    raise AssertionError(f"no {pattern[:60]!r} in time, but: {self.text[-4000:]}")
            self._read_to = match.end()
            return match

    def expect(self, pattern):
        match = self.wait_for(pattern)
        assert match, f"it ended without {pattern[:60]!r}: {self.text[-4000:]}"
        return match

    def port_after(self, pattern):
        """The port that it says to listen on."""
        try:
            return int(self.expect(pattern + r"(\d+)\n")[1])
        except BaseException:
            self.__exit__()
            raise

    def finish(self):
        """Its exit code, once it has said all."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        code = self.process.wait(LIMIT)
        self._reader.join(LIMIT)
        return code


FACTS = r"([^\n]*\bstatus=[^\n]*)\n"  # a line of our program's; Wine says things in between


def facts_of(line):
    return dict(re.findall(r"([\w-]+)=([^\t\n]*)", line))


def common_name(text):
    match = re.search(r"CN ?= ?([^,\n']+)", text or "")
    return match and match[1]


def what_is_seen(**facts):
    """The four facts in one form, whatever the kind."""
    return {name: facts.get(name) for name in ("version", "alpn", "sni", "subject")}


def certificates(text):
    return re.findall(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----", text, re.DOTALL)


def first_groups(text, **patterns):
    found = {name: re.search(pattern, text, re.DOTALL) for name, pattern in patterns.items()}
    return {name: match and match[1] for name, match in found.items()}


# ---- without TLS ----


def tcp(port):
    return socket.create_connection((HOST, port), LIMIT)


def read_exactly(conn, size):
    parts = bytearray()
    while len(parts) < size and (part := conn.recv(size - len(parts))):
        parts += part
    return bytes(parts)


def read_to_the_end(conn):
    """All that comes; a reset is an end too."""
    parts = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := conn.recv(65536):
            parts += part
    return bytes(parts)


@contextlib.contextmanager
def plaintext_server(answer):
    """Answers whatever its one client says, and waits until it has gone."""
    def serve():
        conn, _ = listener.accept()
        with conn:
            conn.settimeout(LIMIT)
            conn.recv(65536)
            conn.sendall(answer)
            read_to_the_end(conn)

    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(LIMIT)
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(LIMIT)


def client_hello(minor):
    """The oldest form (RFC 6101 section 5.6.1.2), without extensions, of version 3.minor."""
    suites = b"\xc0\x09\xc0\x13\x00\x2f\x00\x35"  # with CBC and SHA-1, as they were then
    body = (bytes([3, minor]) + bytes(range(32)) + b"\0" + len(suites).to_bytes(2, "big") + suites
            + b"\1\0")
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\0" + len(message).to_bytes(2, "big") + message


# ---- ours ----


NO_ISSUERS = "Wine's SChannel sends a certificate without its issuers"


def skip_unsupported(text):
    """What another engine than OpenSSL's says it cannot do."""
    if EMULATOR and (match := re.search(r"E_UNSUPPORTED[^\n]*", text)):
        pytest.skip(f"SChannel: {match[0]}")


def settings(**values):
    """Our program's arguments: a list is the setting again and again, None leaves it out."""
    for name, value in values.items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if each is not None:
                yield f"{name}={each}"


def prefix(identity):
    return identity and PKI / identity


@functools.cache
def why_no_server():
    """Asks our program once whether it can serve at all, as not every SChannel does."""
    settings_of_one = settings(identity=prefix(GOOD_SERVER))
    with Program(*PEER, "echo", 1, *settings_of_one) as server:
        with tcp(server.port_after("port=")) as conn:
            conn.sendall(client_hello(3))
            conn.recv(1)  # its answer, or its end
        line = server.expect(FACTS)[1]
    return f"SChannel: {facts_of(line)['message']}" if "E_UNSUPPORTED" in line else None


@functools.cache
def why_no_question():
    """Asks our server once whether it can ask a client for its certificate."""
    wishes = settings(identity=prefix(GOOD_SERVER), ca=CA, demand="required")
    with Program(*PEER, "echo", 1, *wishes) as server:
        with contextlib.suppress(Refused):
            Python.talk(server.port_after("port="), b"x\n", identity="client-rsa-direct")
        facts = facts_of(server.expect(FACTS)[1])
    missed = facts.get("reason") == "MISSING"
    return "Wine's SChannel asks no client for a certificate" if missed else None


def told(facts, name):
    """What our program tells of a connection, unless its engine cannot."""
    if EMULATOR and name not in facts:
        pytest.skip(f"SChannel: does not tell {name}")
    return facts[name]


class Ours:
    """Both roles of the library."""

    PEER = PEER
    GOOD = GOOD_SERVER

    @classmethod
    def command(cls, port, identity=None, **wishes):
        return [*cls.PEER, "client", HOST, str(port), *settings(
            ca=CA, identity=prefix(identity), **wishes)]

    @classmethod
    def talk(cls, port, payload, **wishes):
        done = subprocess.run(cls.command(port, **wishes), input=payload, capture_output=True,
                              timeout=LIMIT, check=False)
        said = done.stderr.decode()
        facts = facts_of(said)
        skip_unsupported(said)
        if done.returncode:
            raise Refused(said, facts)
        return done.stdout, {"version": facts["version"], "alpn": facts.get("alpn")}

    @classmethod
    def facts_with(cls, port, **wishes):
        """All that it knows of a connection with one line."""
        done = subprocess.run(cls.command(port, **wishes), input=b"x\n", capture_output=True,
                              timeout=LIMIT, check=False)
        said = done.stderr.decode()
        skip_unsupported(said)
        assert done.returncode == 0, said
        return facts_of(said)

    def __init__(self, version=None, identity=None, alpn=(), demand=False, connections=1,
                 mode="echo", **wishes):
        identity = identity or self.GOOD
        if self.PEER is PEER and EMULATOR:
            if (why := why_no_server()):
                pytest.skip(why)
            if not identity.endswith("-direct"):
                pytest.skip(NO_ISSUERS)
            if demand and (why := why_no_question()):
                pytest.skip(why)
        arguments = settings(identity=prefix(identity), version=version, alpn=alpn, **wishes)
        if demand:
            arguments = [*arguments, *settings(ca=CA, demand="required")]
        self._server = Program(*self.PEER, mode, connections, *arguments)

    def __enter__(self):
        try:
            self.port = self._server.port_after("port=")
        except AssertionError:
            skip_unsupported(self._server.text)
            raise
        return self

    def __exit__(self, kind, *_):
        with self._server:
            if kind is None:
                assert self._server.finish() == 0, self._server.text

    @staticmethod
    def answer(payload):
        return payload

    def facts(self):
        """How the next connection went, once it is over."""
        line = self._server.expect(FACTS)[1]
        skip_unsupported(line)
        return facts_of(line)

    def seen(self):
        facts = self.facts()
        assert facts["status"] == "OK", facts
        return what_is_seen(**{**facts, "subject": common_name(facts.get("subject"))})

    def refused(self):
        return self.facts()["status"] == "E_VERIFY"


class OursForHttp(Ours):
    """Our server, for clients that speak HTTP."""

    def __init__(self, **options):
        super().__init__(mode="http", **options)


# ---- openssl ----


def flag(version):
    return ["-tls" + version.replace(".", "_").replace("1_0", "1")] if version else []


class Openssl:
    """s_client and s_server."""

    @staticmethod
    def client(port, *options, version=None, name=None, alpn=(), identity=None):
        command = ["openssl", "s_client", "-connect", f"{HOST}:{port}", "-CAfile", CA,
                   "-verify_return_error", *flag(version), *options]
        command += ["-servername", name, "-verify_hostname", name] if name else [
            "-noservername", "-verify_ip", HOST]
        command += ["-alpn", ",".join(alpn)] if alpn else []
        command += ["-cert", pem(identity), "-cert_chain", pem(identity), "-key", key(identity)
                    ] if identity else []
        return Program(*command)

    @classmethod
    def talk(cls, port, payload, **wishes):
        with cls.client(port, "-brief", "-no_ign_eof", "-nocommands", **wishes) as client:
            received = exchange(client, payload)
            return received, first_groups(client.text, version=r"Protocol version: TLSv([\d.]+)")

    def __init__(self, *options, version=None, identity="server", alpn=(), demand=False):
        command = ["openssl", "s_server", "-accept", f"{HOST}:0", "-naccept", "1", *flag(version),
                   "-cert", pem(identity), "-cert_chain", pem(identity), "-key", key(identity)]
        # Only with a name of its own, which nobody asks for here, does it tell the name asked for.
        command += ["-servername", "unused.test", "-cert2", pem(identity), "-key2", key(identity)]
        command += ["-alpn", ",".join(alpn)] if alpn else []
        command += ["-Verify", "2", "-verify_return_error", "-CAfile", CA] if demand else []
        self.program = Program(*command, *(options or ["-rev"]))

    def __enter__(self):
        self.port = self.program.port_after(r"ACCEPT \S+:")
        return self

    def __exit__(self, *_):
        self.program.__exit__()

    @staticmethod
    def answer(payload):
        """Each line backwards: s_server knows no plain echo."""
        return b"".join(line[::-1] + b"\n" for line in payload.splitlines())

    def seen(self):
        self.program.finish()  # it writes out what it said of the connection
        found = first_groups(self.program.text, version=r"Protocol version: TLSv([\d.]+)",
                             alpn=r"ALPN protocols selected: (\S+)",
                             sni=r'Hostname in TLS extension: "([^"]*)"',
                             subject=r"Peer certificate: ([^\n]*)")
        return what_is_seen(**{**found, "subject": common_name(found["subject"])})

    def refused(self):
        self.program.finish()
        return "CONNECTION FAILURE" in self.program.text


def exchange(client, payload):
    """Lets a client program send, and see the same come back, before it hears of the end."""
    client.write(payload)
    answered = client.wait_for(re.escape(payload.decode("latin-1")))
    code = client.finish()
    if not answered or code:
        raise Refused(client.text)
    return answered[0].encode("latin-1")


# ---- gnutls ----


def priority(version):
    return ["--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}"] if version else []


class Gnutls:
    """gnutls-cli; GnutlsServer is its other half."""

    @staticmethod
    def talk(port, payload, version=None, name=None, alpn=(), identity=None):
        command = ["gnutls-cli", "--logfile=/dev/stderr", "--port", port, "--x509cafile", CA,
                   *priority(version), *(f"--alpn={each}" for each in alpn)]
        command += [f"--sni-hostname={name}", f"--verify-hostname={name}"] if name else []
        command += ["--x509certfile", pem(identity), "--x509keyfile", key(identity)
                    ] if identity else []
        with Program(*command, HOST) as client:
            received = exchange(client, payload)
            return received, first_groups(client.text, version=r"Description: \(TLS([\d.]+)",
                                          alpn=r"Application protocol: (\S+)")


class GnutlsServer:
    """gnutls-serv: as it cannot choose a port, one that was free a moment ago, or the next."""

    def __init__(self, version=None, identity="server", alpn=(), demand=False):
        require("gnutls-serv")
        self._command = ["stdbuf", "-oL", "gnutls-serv", "--echo", *priority(version),
                         "--x509certfile", pem(identity), "--x509keyfile", key(identity)]
        # It follows the client's order, so it hears only of what a server's order would choose.
        self._command += [f"--alpn={alpn[0]}", "--alpn-fatal"] if alpn else []
        self._command += ["--require-client-cert", "--verify-client-cert", "--x509cafile", CA
                          ] if demand else ["--disable-client-cert"]

    def __enter__(self):
        for _ in range(5):
            with socket.create_server((HOST, 0)) as free:
                self.port = free.getsockname()[1]
            self._server = Program(*self._command, "--port", self.port)
            if self._server.wait_for(rf"IPv4 \S+ port {self.port}\.\.\.done"):
                return self
            self._server.__exit__()
        raise AssertionError(f"no free port: {self._server.text}")

    def __exit__(self, *_):
        self._server.__exit__()

    @staticmethod
    def answer(payload):
        return payload

    def seen(self):
        self._server.expect("received cmd")  # said after all facts
        found = first_groups(self._server.text, version=r"- Version: TLS([\d.]+)",
                             alpn=r"Application protocol: (\S+)",
                             sni=r"Given server name\[\d\]: (\S+)",
                             subject=r"Certificate\[0\].*?Subject: ([^\n]*)")
        return what_is_seen(**{**found, "subject": common_name(found["subject"])})

    def refused(self):
        return bool(self._server.wait_for("Error in handshake|NOT trusted"))


# ---- Python's ssl ----


def python_version(version):
    return ssl.TLSVersion["TLSv" + version.replace(".", "_")]


class Python:
    """The ssl module, in threads of the test."""

    @staticmethod
    def talk(port, payload, version=None, name=None, alpn=(), identity=None):
        context = ssl.create_default_context(cafile=CA)
        Python._prepare(context, version, identity, alpn)
        try:
            with socket.create_connection((HOST, port), LIMIT) as conn, context.wrap_socket(
                    conn, server_hostname=name or HOST) as secure:
                secure.sendall(payload)
                received = read_exactly(secure, len(payload))
                seen = {"version": secure.version()[4:], "alpn": secure.selected_alpn_protocol()}
                secure.unwrap()
                return received, seen
        except OSError as error:
            raise Refused(str(error)) from error

    @staticmethod
    def _prepare(context, version, identity, alpn):
        if version:
            context.minimum_version = context.maximum_version = python_version(version)
        if identity:
            context.load_cert_chain(pem(identity), key(identity))
        if alpn:
            context.set_alpn_protocols(list(alpn))

    def __init__(self, version=None, identity="server", alpn=(), demand=False):
        self._names = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.sni_callback = lambda conn, name, context: self._names.append(name)
        self._prepare(self._context, version, identity, alpn)
        if demand:
            self._context.load_verify_locations(CA)
            self._context.verify_mode = ssl.CERT_REQUIRED

    def __enter__(self):
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(LIMIT)
        self.port = self._listener.getsockname()[1]
        self._executor = concurrent.futures.ThreadPoolExecutor(1)
        self._client = self._executor.submit(self._serve)
        return self

    def __exit__(self, *_):
        self._listener.close()
        self._executor.shutdown(wait=False)

    @staticmethod
    def answer(payload):
        return payload

    def _serve(self):
        conn, _ = self._listener.accept()
        conn.settimeout(LIMIT)
        with conn, self._context.wrap_socket(conn, server_side=True) as secure:
            subject = dict(pair for (pair,) in (secure.getpeercert() or {}).get("subject", ()))
            seen = what_is_seen(version=secure.version()[4:], sni=self._names[0],
                                alpn=secure.selected_alpn_protocol(),
                                subject=subject.get("commonName"))
            while data := secure.recv(65536):
                secure.sendall(data)
            with contextlib.suppress(OSError):  # the other side need not wait for our goodbye
                secure.unwrap()
            return seen

    def seen(self):
        return self._client.result(LIMIT)

    def refused(self):
        return isinstance(self._client.exception(LIMIT), ssl.SSLError)


# ---- curl ----


class Curl:
    """curl, whose request carries the payload in its head, a line a header."""

    @staticmethod
    def talk(port, payload, version=None, name=None, alpn=(), identity=None):
        require("curl")
        name = name or HOST
        headers = b"".join(b"X-Line: %s\n" % line for line in payload.splitlines())
        command = ["curl", "--disable", "--silent", "--show-error", "--verbose", "--noproxy", "*",
                   "--max-time", str(LIMIT), "--cacert", CA, "--header", "@-",
                   "--http2" if alpn else "--no-alpn", "--resolve", f"{name}:{port}:{HOST}"]
        command += [f"--tlsv{version}", "--tls-max", version] if version else []
        command += ["--cert", pem(identity), "--key", key(identity)] if identity else []
        done = subprocess.run([*command, f"https://{name}:{port}/"], input=headers,
                              capture_output=True, timeout=LIMIT, check=False)
        said = done.stderr.decode("latin-1")
        if done.returncode:
            raise Refused(said)
        received = b"".join(line + b"\n" for line in re.findall(rb"X-Line: (.*)\r\n", done.stdout))
        return received, first_groups(said, version=r"SSL connection using TLSv([\d.]+)",
                                      alpn=r"ALPN[:,] server accepted (?:to use )?(\S+)")
