"""What holds for any sizes and any bytes, tried by hypothesis over memory: no network, no waiting."""
import contextlib
import random

import pytest

import rfctls
from peers import CA, pem

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")
given, strategies = hypothesis.given, hypothesis.strategies

hypothesis.settings.register_profile(
    "here", deadline=None, database=None, max_examples=60,
    suppress_health_check=list(hypothesis.HealthCheck))
hypothesis.settings.load_profile("here")

IDENTITY = rfctls.Identity(*pem("server"))
CLIENT = rfctls.Config(authorities=CA, server_name="server.test")
SERVER = rfctls.Config("server", identity=IDENTITY)


class Pair:
    """Two sockets that have shaken hands over memory, whose bytes travel in pieces of any size."""

    def __init__(self, pieces=lambda: 65536):
        self.pieces = pieces
        self.below = rfctls.MemoryTransport(), rfctls.MemoryTransport()
        self.socks = (rfctls.wrap(self.below[0], config=CLIENT, handshake=False),
                      rfctls.wrap(self.below[1], server_side=True, config=SERVER, handshake=False))
        ready = set()
        while len(ready) < 2:
            for sock in self.socks:
                with contextlib.suppress(rfctls.WantReadError):
                    if sock not in ready:
                        sock.handshake()
                        ready.add(sock)
                self.carry()

    def carry(self):
        for source, target in (self.below, self.below[::-1]):
            while data := source.drain(self.pieces()):
                target.feed(data)


def sizes():
    return strategies.integers(1, 70_000)


@given(strategies.lists(strategies.tuples(strategies.booleans(), sizes()), max_size=12), sizes(),
       strategies.integers(1, 20_000), strategies.randoms(use_true_random=False))
def test_any_sizes_there_and_back_are_exact(sends, most, piece, source):
    pair = Pair(lambda: source.randint(1, piece) + 40)
    expected, came = (bytearray(), bytearray()), (bytearray(), bytearray())
    for upwards, size in sends:
        data = random.Random(size).randbytes(size)
        sender, receiver = pair.socks if upwards else pair.socks[::-1]
        expected[upwards].extend(data)
        while data:
            try:
                data = data[sender.send(data):]
            except rfctls.WantWriteError:
                pass
            pair.carry()
            with contextlib.suppress(rfctls.WantReadError):
                while True:
                    came[upwards].extend(receiver.recv(most))
    assert came == expected


@given(strategies.lists(strategies.binary(max_size=3000), max_size=20), strategies.integers(1, 5000))
def test_a_file_reads_the_lines_that_were_written(lines, buffering):
    lines = [line.replace(b"\n", b"") + b"\n" for line in lines]
    pair = Pair()
    with pair.socks[0].makefile("wb", buffering=1 << 20) as file:
        file.writelines(lines)
    pair.socks[0].shutdown(1)
    pair.carry()
    with pair.socks[1].makefile("rb", buffering=buffering) as file:
        assert list(file) == lines


@given(strategies.binary(max_size=2000), strategies.booleans())
def test_a_handshake_survives_any_bytes(data, server_side):
    below = rfctls.MemoryTransport()
    sock = rfctls.wrap(below, server_side=server_side, handshake=False,
                       config=SERVER if server_side else CLIENT)
    below.feed(data)
    below.feed_end()
    with pytest.raises(rfctls.Error) as caught:
        sock.handshake()
    assert str(caught.value)
    sock.close()


@given(strategies.integers(0, 3000), strategies.integers(0, 7))
def test_a_flipped_bit_never_gives_other_bytes(at, bit):
    pair = Pair()
    sent = bytes(range(256)) * 8
    pair.socks[1].send(sent)
    wire = bytearray()
    while data := pair.below[1].drain():
        wire += data
    wire[at % len(wire)] ^= 1 << bit
    pair.below[0].feed(wire)
    pair.below[0].feed_end()
    came = bytearray()
    with pytest.raises(rfctls.Error):
        while True:
            came += pair.socks[0].recv(1000)
    assert sent.startswith(bytes(came)) and bytes(came) != sent


@given(strategies.binary(max_size=500))
def test_what_is_read_is_an_error_or_a_value(data):
    for read in (rfctls.Certificate.load, rfctls.Certificate.load_chain, rfctls.PrivateKey.load,
                 rfctls.Identity.load, rfctls.Session.load):
        with pytest.raises((ValueError, rfctls.Error)):
            read(data)


@given(strategies.integers(0, 2000), strategies.integers(0, 255))
def test_a_damaged_certificate_is_refused_or_told(at, byte):
    der = bytearray(IDENTITY.certificate.der)
    der[at % len(der)] = byte
    with contextlib.suppress(rfctls.ParseError):
        damaged = rfctls.Certificate.load(bytes(der))
        assert damaged.subject is not None and damaged.names is not None
        with contextlib.suppress(ValueError):
            damaged.as_dict()


@given(strategies.text(max_size=300))
def test_a_server_name_is_taken_or_refused(name):
    with contextlib.suppress(ValueError, rfctls.Error):
        config = rfctls.Config(server_name=name)
        assert config.server_name == name


@given(strategies.floats() | strategies.integers())
def test_a_timeout_is_kept_or_refused(value):
    with contextlib.suppress(ValueError):
        config = rfctls.Config(timeout=value)
        assert config.timeout == value and 0 <= value <= 1e9
