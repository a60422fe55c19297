"""Wrong calls raise TypeError, ValueError or rfctls.Error, and leave the socket as it was."""
import errno
import pickle
import socket

import pytest

import rfctls
from peers import CA, echo, pem, read_exactly, serving, tls

IDENTITY = rfctls.Identity(*pem("server"))


@pytest.fixture
def sock():
    with serving(tls(echo)) as server:
        with rfctls.connect("localhost", server.port, ip_version=4, authorities=CA,
                            timeout=20) as sock:
            yield sock
            sock.sendall(b"alive")
            assert read_exactly(sock, 5) == b"alive"


@pytest.fixture
def unshaken():
    with serving(tls(echo)) as server:
        with rfctls.connect("localhost", server.port, ip_version=4, authorities=CA, timeout=20,
                            handshake=False) as sock:
            yield sock
            sock.handshake()


@pytest.fixture
def listener():
    with rfctls.listen("127.0.0.1", 0, identity=IDENTITY) as listener:
        yield listener


def test_a_second_handshake_is_an_error(sock):
    for _ in range(2):
        with pytest.raises(rfctls.StateError):
            sock.handshake()


def test_accept_on_a_client_is_an_error(sock):
    with pytest.raises(rfctls.StateError):
        sock.accept()


def test_talking_before_the_handshake_is_an_error(unshaken):
    for use in (lambda: unshaken.send(b"x"), lambda: unshaken.recv(1),
                lambda: unshaken.shutdown(1)):
        with pytest.raises(rfctls.StateError):
            use()


def test_a_listener_does_not_talk(listener):
    for use in (lambda: listener.send(b"x"), lambda: listener.recv(1), listener.handshake,
                listener.getpeername):
        with pytest.raises(rfctls.StateError):
            use()


@pytest.mark.parametrize("size", [1.0, True, "1", None, b"1", [1]])
def test_a_size_that_is_no_int(sock, size):
    with pytest.raises(TypeError):
        sock.recv(size)
    with pytest.raises(TypeError):
        sock.recv_into(bytearray(10), size)


@pytest.mark.parametrize("size", [-1, -2**63, -2**100])
def test_a_negative_size(sock, size):
    with pytest.raises(ValueError):
        sock.recv(size)
    with pytest.raises(ValueError):
        sock.recv_into(bytearray(10), size)


@pytest.mark.parametrize("data", ["text", None, 1, 1.5, [1], memoryview(b"abcdef")[::2]])
def test_data_that_is_no_bytes(sock, data):
    with pytest.raises(TypeError):
        sock.send(data)
    with pytest.raises(TypeError):
        sock.sendall(data)


@pytest.mark.parametrize("room", [b"abc", "abc", None, 3, memoryview(b"abc"),
                                  memoryview(bytearray(6))[::2]])
def test_a_buffer_that_cannot_be_written(sock, room):
    sock.sendall(b"x")
    with pytest.raises(TypeError):
        sock.recv_into(room)
    assert sock.recv(1) == b"x"


def test_recv_into_beyond_the_end(sock):
    room = bytearray(b"abc")
    with pytest.raises(ValueError):
        sock.recv_into(room, 4)
    assert room == b"abc"


def test_sending_nothing_sends_nothing(sock):
    assert sock.send(b"") == 0
    sock.sendall(b"")


@pytest.mark.parametrize("flags", [0x40000000, -1, socket.MSG_OOB])
def test_unknown_flags(sock, flags):
    with pytest.raises(ValueError):
        sock.recv(1, flags)
    with pytest.raises(ValueError):
        sock.send(b"x", flags)


@pytest.mark.parametrize("how", [-1, 3, 2**40])
def test_no_way_to_shut_down(sock, how):
    with pytest.raises(ValueError):
        sock.shutdown(how)


@pytest.mark.parametrize("timeout, error", [
    (-1, ValueError), (float("nan"), ValueError), (1e300, ValueError), ("1", TypeError),
    (True, TypeError)])
def test_bad_timeouts(sock, timeout, error):
    with pytest.raises(error):
        sock.settimeout(timeout)
    with pytest.raises(error):
        rfctls.Config(timeout=timeout)
    assert sock.gettimeout() == 20


@pytest.mark.parametrize("host", ["", "good.test\0.evil.test", "b\u00fccher.test", "a" * 300])
def test_bad_host_names(host):
    with pytest.raises((ValueError, rfctls.Error)):
        rfctls.connect(host, 443, timeout=5)


@pytest.mark.parametrize("host", [None, 1, b"localhost", ["localhost"]])
def test_hosts_that_are_no_str(host):
    with pytest.raises((TypeError, ValueError)):
        rfctls.connect(host, 443, timeout=5)


def test_a_unicode_name_is_told_about_a_labels():
    with pytest.raises(rfctls.ArgumentError, match="A-label|xn--"):
        rfctls.connect("b\u00fccher.test", 443, timeout=5)


@pytest.mark.parametrize("port", [-1, 65536, "-1", "65536", "443x", "", "no-such-service", 2**70])
def test_bad_ports(port):
    with pytest.raises((ValueError, rfctls.ResolveError)):
        rfctls.connect("localhost", port, timeout=5)


@pytest.mark.parametrize("port", [None, 1.0, True, b"443"])
def test_ports_of_a_wrong_type(port):
    with pytest.raises(TypeError):
        rfctls.connect("localhost", port, timeout=5)
    with pytest.raises(TypeError):
        rfctls.listen("127.0.0.1", port, identity=IDENTITY)


def test_an_unknown_host():
    with pytest.raises(rfctls.ResolveError, match="no-such-host.invalid"):
        rfctls.connect("no-such-host.invalid", 443, timeout=5)


def test_the_wrong_role():
    with pytest.raises(rfctls.ArgumentError):
        rfctls.connect("localhost", 1, config=rfctls.Config("server", identity=IDENTITY))
    with pytest.raises(rfctls.ArgumentError):
        rfctls.listen(config=rfctls.Config())


def test_a_server_without_an_identity():
    with pytest.raises(rfctls.IdentityError):
        rfctls.listen()


def test_an_address_in_use(listener):
    with pytest.raises(OSError) as caught:
        rfctls.listen("127.0.0.1", listener.getsockname()[1], identity=IDENTITY)
    assert caught.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("options, error", [
    ({"role": "peer"}, ValueError), ({"role": None}, ValueError), ({"role": []}, ValueError),
    ({"min_version": "TLSv9"}, ValueError), ({"min_version": 3}, ValueError),
    ({"min_version": "TLSv1.3", "max_version": "TLSv1.2"}, ValueError),
    ({"alpn": "h2"}, TypeError), ({"alpn": [b"h2"]}, TypeError), ({"alpn": [""]}, ValueError),
    ({"alpn": ["x" * 256]}, ValueError), ({"alpn": ["a\0b"]}, ValueError), ({"alpn": 1}, TypeError),
    ({"verifier": True}, TypeError), ({"identity": "client.pem"}, TypeError),
    ({"identity": (1, 2)}, TypeError), ({"authorities": 1}, TypeError),
    ({"authorities": [1]}, TypeError), ({"authorities": None}, TypeError),
    ({"authorities": "/no/such/file"}, OSError), ({"authorities": b"garbage"}, ValueError),
    ({"peer_certificate": "required"}, ValueError), ({"peer_certificate": "perhaps"}, ValueError),
    ({"server_name": 1}, TypeError), ({"server_name": "a\0b"}, ValueError),
    ({"server_name": ""}, ValueError), ({"ip_version": 5}, ValueError),
    ({"ip_version": "4"}, TypeError), ({"close_timeout": -1}, ValueError),
    ({"connect_timeout": "1"}, TypeError)])
def test_bad_configs(options, error):
    with pytest.raises(error):
        rfctls.Config(**options)


def test_a_config_is_immutable_and_replaced():
    config = rfctls.Config(alpn=["a"], timeout=3)
    with pytest.raises(AttributeError):
        config.alpn = ()
    with pytest.raises(AttributeError):
        del config.alpn
    other = config.replace(alpn=["b"])
    assert (config.alpn, other.alpn, other.timeout) == (("a",), ("b",), 3)
    assert repr(other).startswith("rfctls.Config('client', alpn=('b',), timeout=3")
    with pytest.raises(TypeError):
        config.replace(colour="red")


def test_a_config_and_options_exclude_each_other():
    with pytest.raises(TypeError):
        rfctls.connect("localhost", 1, config=rfctls.Config(), alpn=["h2"])
    with pytest.raises(TypeError):
        rfctls.connect("localhost", 1, config="config")


@pytest.mark.parametrize("thing", [None, 1.5, "sock", object(), True])
def test_wrapping_what_is_no_socket(thing):
    with pytest.raises((TypeError, OSError)):
        rfctls.wrap(thing, server_name="x.test")


def test_wrapping_other_sockets():
    with pytest.raises(OSError):
        rfctls.wrap(-1, server_name="x.test")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        with pytest.raises(OSError):
            rfctls.wrap(datagram, server_name="x.test")
        assert datagram.fileno() >= 0


def test_wrapping_without_a_name_to_check():
    left, right = socket.socketpair()
    with right, pytest.raises(rfctls.StateError, match="name"):
        rfctls.wrap(left, timeout=5)


def test_nothing_is_made_by_hand():
    for cls in (rfctls.TLSSocket, rfctls.Certificate, rfctls.PrivateKey):
        with pytest.raises(TypeError):
            cls()


def test_sockets_are_not_pickled(sock):
    with pytest.raises(TypeError):
        pickle.dumps(sock)


@pytest.mark.parametrize("sock, events, error", [
    (None, rfctls.READ, TypeError), (1, rfctls.READ, TypeError), ("x", rfctls.READ, TypeError)])
def test_polling_what_is_no_socket(sock, events, error):
    with pytest.raises(error):
        rfctls.Poll().register(sock, events)


@pytest.mark.parametrize("events, error", [(-1, ValueError), (8, ValueError), ("r", TypeError),
                                           (1.0, TypeError), (True, TypeError)])
def test_polling_for_what_is_no_event(listener, events, error):
    with pytest.raises(error):
        rfctls.Poll().register(listener, events)


def test_a_poll_forgets(listener):
    poll = rfctls.Poll()
    with pytest.raises(ValueError):
        poll.unregister(listener)
    with pytest.raises(ValueError):
        poll.wait(-1)
