"""Every version, key and feature, between us and every other program, in both directions."""
import hashlib
import ssl

import others
import pytest
from others import (Curl, Gnutls, GnutlsServer, Openssl, Ours, OursForHttp, Program, Python,
                    Refused)

PAYLOAD = b"".join(bytes(33 + (line + 7 * column) % 94 for column in range(1999)) + b"\n"
                   for line in range(10))  # printable, and more than one record

OUR_CLIENT = [(Ours, server) for server in (Openssl, GnutlsServer, Python)]
OUR_SERVER = [(client, Ours) for client in (Openssl, Gnutls, Python)] + [(Curl, OursForHttp)]

# RFC 8446, sections 5.1 and 6
ALERT, FATAL = 21, 2
HANDSHAKE_FAILURE, CERTIFICATE_EXPIRED, UNKNOWN_CA, PROTOCOL_VERSION = 40, 45, 48, 70
CERTIFICATE_REQUIRED, NO_APPLICATION_PROTOCOL = 116, 120

ESTABLISHED = "Verify return code: 0"  # the last that s_client says of a good handshake

# What the client is told, what the server is told, and what the server then sees.
# Wine's SChannel takes RSA keys only, and sends no issuers.
GOOD_CLIENT = "client-rsa-direct" if others.EMULATOR else "client"
FEATURES = {
    "plain": ({}, {}, {}),
    "mutual": ({"identity": GOOD_CLIENT}, {"demand": True}, {"subject": "client"}),
    "alpn": ({"alpn": ["h2", "http/1.1"]}, {"alpn": ["http/1.1", "h2"]}, {"alpn": "http/1.1"}),
    "sni": ({"name": "server.test"}, {}, {"sni": "server.test"}),
}


def kinds(pairs):
    return [pytest.param(*pair, id="-".join(kind.__name__.lower() for kind in pair))
            for pair in pairs]


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("identity", ["server-rsa", "server", "server-ed25519",
                                      *(["server-rsa-direct"] if others.EMULATOR else [])])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("client, server", kinds(OUR_CLIENT + OUR_SERVER))
def test_client_and_server_agree_and_exchange_bytes(client, server, version, identity, feature):
    for_client, for_server, expected = FEATURES[feature]
    expected = others.what_is_seen(version=version, **expected)
    with server(version=version, identity=identity, **for_server) as listening:
        received, seen = client.talk(listening.port, PAYLOAD, version=version, **for_client)
        assert listening.seen() == expected
    assert received == server.answer(PAYLOAD)
    assert seen.items() <= expected.items()


def test_chain_arrives_as_it_was_given():
    with Ours(identity="server") as server, Openssl.client(server.port, "-showcerts") as client:
        client.expect(ESTABLISHED)
        client.finish()
        sent = others.certificates(client.text)
        assert server.facts()["status"] == "OK"
    assert len(sent) == 2
    assert sent == others.certificates((others.PKI / "server.pem").read_text())


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_hello_extension_arrives_as_it_was_given(version):
    with Openssl("-rev", "-trace", version=version) as server:
        Ours.talk(server.port, PAYLOAD, version=version, extension="65282:four")
        server.program.expect(r"UNKNOWN\(65282\), length=4\s+0000 - 66 6f 75 72 ")


PREFERENCES = [
    ("1.2", {"ciphers": "ECDHE-ECDSA-CHACHA20-POLY1305"},
     {"cipher": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}),
    ("1.2", {"groups": "P-521:P-256"}, {"group": "secp521r1"}),
    ("1.3", {"suites": "TLS_CHACHA20_POLY1305_SHA256"}, {"cipher": "TLS_CHACHA20_POLY1305_SHA256"}),
    ("1.3", {"groups": "P-384"}, {"group": "secp384r1"}),
    ("1.3", {"groups": "X448"}, {"group": "x448"}),
]


@pytest.mark.parametrize("version, told, agreed", PREFERENCES)
def test_preferences_of_our_client_are_followed(version, told, agreed):
    with Openssl("-rev", version=version) as server:
        facts = Ours.facts_with(server.port, version=version, **told)
    assert facts.items() >= agreed.items()


@pytest.mark.parametrize("version, told, agreed", PREFERENCES)
def test_preferences_of_our_server_are_followed(version, told, agreed):
    with Ours(version=version, **told) as server, Openssl.client(server.port) as client:
        client.expect(ESTABLISHED)
        client.finish()
        assert server.facts().items() >= agreed.items()


OLD_EXCHANGES = ["AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"]  # static RSA, finite-field DHE
RSA_SERVER = "server-rsa-direct" if others.EMULATOR else "server-rsa"


@pytest.mark.parametrize("cipher", OLD_EXCHANGES)
def test_our_client_exchanges_keys_by_static_rsa_and_dhe_only_if_told(cipher):
    with Openssl("-rev", "-cipher", cipher, version="1.2", identity=RSA_SERVER) as server:
        with pytest.raises(Refused) as refused:
            Ours.talk(server.port, PAYLOAD)
    assert refused.value.facts["status"] == ("E_PROTOCOL" if others.EMULATOR else "E_ALERT")
    with Openssl("-rev", "-cipher", cipher, version="1.2", identity=RSA_SERVER) as server:
        Ours.talk(server.port, PAYLOAD, ciphers=cipher)


@pytest.mark.parametrize("cipher", OLD_EXCHANGES)
def test_our_server_exchanges_keys_by_static_rsa_and_dhe_only_if_told(cipher):
    with Ours(identity=RSA_SERVER) as server, Openssl.client(server.port, "-cipher", cipher,
                                                             version="1.2") as client:
        client.finish()
        assert server.facts()["status"] == "E_PROTOCOL"
    with Ours(identity=RSA_SERVER, ciphers=f"DEFAULT:{cipher}") as server:
        with Openssl.client(server.port, "-cipher", cipher, version="1.2") as client:
            client.expect(ESTABLISHED)
            client.finish()
        assert server.facts()["status"] == "OK"


@pytest.mark.parametrize("ciphers", ["ALL", "ALL:eNULL", "ALL:@STRENGTH"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_no_list_of_ciphers_lets_a_server_without_a_certificate_in(version, ciphers):
    with Openssl("-rev", "-nocert", "-cipher", "aNULL:@SECLEVEL=0", version=version) as server:
        with pytest.raises(Refused) as refused:
            Ours.talk(server.port, PAYLOAD, version=version, ciphers=ciphers)
    assert refused.value.facts["status"] == "E_ALERT"


@pytest.mark.parametrize("mutual", [False, True])
def test_clients_of_tls12_resume_without_tickets(mutual):
    wishes = {"demand": "required", "ca": others.CA} if mutual else {}
    shown = {"identity": GOOD_CLIENT} if mutual else {}
    with Ours(connections=6, **wishes) as server, Openssl.client(
            server.port, "-no_ticket", "-reconnect", version="1.2", **shown) as client:
        client.finish()
        subjects = [others.common_name(server.facts().get("subject")) for _ in range(6)]
    assert (client.text.count("New, TLSv1.2"), client.text.count("Reused, TLSv1.2")) == (1, 5)
    assert subjects == ["client" if mutual else None] * 6


def test_clients_of_tls12_do_not_resume_where_it_was_switched_off():
    with Ours(connections=6, resume="off") as server, Openssl.client(
            server.port, "-no_ticket", "-reconnect", version="1.2") as client:
        client.finish()
        for _ in range(6):
            assert server.facts()["status"] == "OK"
    assert "Reused" not in client.text


@pytest.mark.parametrize("version, lines", [("1.2", 1), ("1.3", 5)])
def test_logged_keys_are_those_that_openssl_logs(version, lines, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    with Ours(version=version, keylog=ours) as server, Openssl.client(
            server.port, "-keylogfile", theirs) as client:
        client.expect(ESTABLISHED)
        client.finish()
        server.facts()
    said = {line for line in theirs.read_text().splitlines() if not line.startswith("#")}
    assert set(ours.read_text().splitlines()) == said
    assert len(said) == lines


LABEL = "EXPERIMENTAL rfctls"  # as in peer.c
EXPORT = ["-keymatexport", LABEL, "-keymatexportlen", "32"]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_exported_key_is_the_one_that_an_openssl_client_exports(version):
    with Ours(version=version) as server, Openssl.client(server.port, *EXPORT) as client:
        key = client.expect(r"Keying material: ([0-9A-F]{64})")[1]
        client.finish()
        assert others.told(server.facts(), "exported") == key.lower()


def test_binding_by_exporter_is_the_one_that_openssl_exports():
    export = ["-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"]
    with Ours(version="1.3") as server, Openssl.client(server.port, *export) as client:
        key = client.expect(r"Keying material: ([0-9A-F]{64})")[1]
        client.finish()
        assert others.told(server.facts(), "tls-exporter") == key.lower()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_binding_to_the_end_point_is_the_hash_of_its_certificate(version):
    leaf = ssl.PEM_cert_to_DER_cert(others.certificates((others.PKI / "server.pem").read_text())[0])
    with Openssl("-rev", version=version) as server:
        facts = Ours.facts_with(server.port, version=version)
    assert facts["tls-server-end-point"] == hashlib.sha256(leaf).hexdigest()


def test_unique_binding_is_the_one_that_gnutls_and_python_tell():
    with Ours(version="1.2", connections=2) as server:
        with Program("gnutls-cli", "--verbose", "--port", server.port, "--x509cafile", others.CA,
                     others.HOST) as client:
            unique = client.expect(r"'tls-unique': ([0-9a-f]+)")[1]
            client.finish()
        assert others.told(server.facts(), "tls-unique") == unique
        context = ssl.create_default_context(cafile=others.CA)
        with others.tcp(server.port) as conn, context.wrap_socket(
                conn, server_hostname=others.HOST) as wrapped:
            unique = wrapped.get_channel_binding("tls-unique").hex()
            wrapped.unwrap()
        assert server.facts()["tls-unique"] == unique


# ---- after the handshake ----


@pytest.mark.skipif(bool(others.EMULATOR), reason="Wine's SChannel ends where another one warns")
def test_renegotiation_is_refused():
    with Ours(version="1.2", connections=2) as server:
        with Openssl.client(server.port) as client:
            client.expect(ESTABLISHED)
            client.write(b"R\n")
            client.expect("RENEGOTIATING")
            client.expect("no renegotiation")
        facts = server.facts()
        assert facts["status"] == "E_ALERT"  # it insists, and gives up
        assert facts["message"] == ("we refused the renegotiation that the peer asked for: "
                                    "the peer sent alert handshake_failure")
        Ours.talk(server.port, PAYLOAD)
        server.seen()


@pytest.mark.parametrize("letter", [b"K\n", b"k\n"], ids=["of-both", "of-one"])
def test_key_update_by_the_client_is_not_noticed(letter):
    with Ours(version="1.3") as server, Openssl.client(server.port) as client:
        client.expect(ESTABLISHED)
        for line in b"one is sent\n", b"two is sent\n":
            client.write(letter)
            client.expect("KEYUPDATE")
            client.write(line)
            client.expect(line.decode())
        client.finish()
        assert server.facts().items() >= {"status": "OK", "sent": "24", "received": "24"}.items()


@pytest.mark.skipif(bool(others.EMULATOR), reason="Wine's SChannel speaks TLS 1.3 only by "
                    "tests/windows/tls13.priority, which is not named here")
def test_key_update_by_the_server_is_not_noticed():
    with Openssl("-msg", version="1.3") as server, Program(
            *Ours.command(server.port, version="1.3")) as client:
        client.write(b"from the client\n")
        client.process.stdin.close()
        server.program.expect("from the client\n")
        server.program.write(b"K\n")
        server.program.expect(">>>[^\n]*KeyUpdate")
        server.program.write(b"from the server\n")
        client.expect("from the server\n")
        assert client.finish() == 0, client.text


# ---- what is refused ----


def assert_serves_the_next(server):
    """A refused client does not harm the listener."""
    received, _ = Ours.talk(server.port, PAYLOAD, identity=GOOD_CLIENT)
    assert received == PAYLOAD
    assert server.facts()["status"] == "OK"


def assert_refused(facts, **expected):
    assert facts.items() >= expected.items(), facts


@pytest.mark.parametrize("words", [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 64, b"EHLO there\r\n"],
                         ids=["http", "zeros", "smtp"])
def test_plaintext_to_our_server(words):
    with Ours(connections=2) as server:
        with others.tcp(server.port) as conn:
            conn.sendall(words)
            others.read_to_the_end(conn)
        assert_refused(server.facts(), status="E_PROTOCOL")
        assert_serves_the_next(server)


@pytest.mark.parametrize("answer", [b"HTTP/1.0 400 Bad Request\r\n\r\n", b"220 mail.test\r\n"],
                         ids=["http", "smtp"])
def test_our_client_to_a_plaintext_server_names_the_error(answer):
    with others.plaintext_server(answer) as port, pytest.raises(Refused) as refusal:
        Ours.talk(port, PAYLOAD)
    assert_refused(refusal.value.facts, status="E_PROTOCOL", origin="rfctls_socket_handshake")
    assert "TLS" in refusal.value.facts["message"]


@pytest.mark.parametrize("minor, alerts", [
    # SSLv3 has no better alert; OpenSSL 4.0 knows it no more, and says what it says to any other version.
    pytest.param(0, {HANDSHAKE_FAILURE, PROTOCOL_VERSION}, id="SSLv3"),
    pytest.param(1, {PROTOCOL_VERSION}, id="TLSv1"),
    pytest.param(2, {PROTOCOL_VERSION}, id="TLSv1.1")])
def test_old_hello_is_refused(minor, alerts):
    with Ours(connections=2) as server:
        with others.tcp(server.port) as conn:
            conn.sendall(others.client_hello(minor))
            answer = others.read_to_the_end(conn)
        if answer or not others.EMULATOR:  # Wine's SChannel hands out no alert when it refuses
            assert (answer[0], answer[5:]) in [(ALERT, bytes([FATAL, alert])) for alert in alerts]
        assert_refused(server.facts(), status="E_PROTOCOL")
        assert_serves_the_next(server)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_old_server_is_refused(version):
    with Openssl("-rev", "-cipher", "ALL:@SECLEVEL=0", version=version) as server:
        with pytest.raises(Refused) as refusal:
            Ours.talk(server.port, PAYLOAD)
    if others.EMULATOR:  # a hello without TLS 1.3 does not say that 1.1 is too old: the answer is refused
        assert_refused(refusal.value.facts, status="E_PROTOCOL")
    else:
        assert_refused(refusal.value.facts, status="E_ALERT", alert=str(PROTOCOL_VERSION))


@pytest.mark.parametrize("client", [Openssl, Gnutls, Python])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_no_common_protocol_is_an_alert_to_the_client(client, version):
    with Ours(alpn=["spoken"], connections=2) as server:
        with pytest.raises(Refused, match=r"(?i)no.*application.protocol"):
            client.talk(server.port, PAYLOAD, version=version, alpn=["unspoken"])
        assert_refused(server.facts(), status="E_PROTOCOL")
        assert_serves_the_next(server)


@pytest.mark.parametrize("server", [Openssl, GnutlsServer])  # Python's goes on without
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_no_common_protocol_is_an_alert_from_the_server(server, version):
    with server(alpn=["spoken"]) as listening, pytest.raises(Refused) as refusal:
        Ours.talk(listening.port, PAYLOAD, version=version, alpn=["unspoken"])
    assert_refused(refusal.value.facts, status="E_ALERT", alert=str(NO_APPLICATION_PROTOCOL))


# ---- client certificates that are missing or wrong ----

# The reason that our server names, and the alert that a client gets.
BAD_CLIENTS = {
    None: ("MISSING", {"1.2": HANDSHAKE_FAILURE, "1.3": CERTIFICATE_REQUIRED}),
    "client-other-ca": ("ISSUER", {"1.2": UNKNOWN_CA, "1.3": UNKNOWN_CA}),
    "client-expired": ("EXPIRED", {"1.2": CERTIFICATE_EXPIRED, "1.3": CERTIFICATE_EXPIRED}),
}


@pytest.mark.parametrize("client, server", kinds(OUR_SERVER))
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("identity", BAD_CLIENTS)
def test_bad_client_is_refused_and_the_next_is_served(client, server, version, identity):
    reason, _ = BAD_CLIENTS[identity]
    with server(demand=True, version=version, connections=2) as listening:
        with pytest.raises(Refused):
            client.talk(listening.port, PAYLOAD, version=version, identity=identity)
        assert_refused(listening.facts(), status="E_VERIFY", reason=reason, received="0")
        client.talk(listening.port, PAYLOAD, version=version, identity=GOOD_CLIENT)
        assert listening.seen()["subject"] == "client"


@pytest.mark.parametrize("client, server", kinds([(Ours, Ours), *OUR_CLIENT]))
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("identity", BAD_CLIENTS)
def test_our_client_is_told_why_it_is_refused(client, server, version, identity):
    _, alerts = BAD_CLIENTS[identity]
    with server(demand=True, version=version) as listening:
        with pytest.raises(Refused) as refusal:
            client.talk(listening.port, b"", version=version, identity=identity)
        assert listening.refused()
    if others.EMULATOR and refusal.value.facts["status"] == "E_RESET":
        pytest.skip("Winsock drops what came before a reset, here the alert")
    told_by = {"1.2": "rfctls_socket_handshake", "1.3": "rfctls_socket_recv"}[version]
    assert_refused(refusal.value.facts, status="E_ALERT", origin=told_by)
    if server is not GnutlsServer:  # whose alerts are less precise
        assert_refused(refusal.value.facts, alert=str(alerts[version]))
