"""Certificates, keys and identities are read from memory and files, whatever form they have."""
import os
import pathlib
import time

import pytest

import rfctls
from peers import CA, PKI, pem


def read(name):
    return (PKI / name).read_bytes()


@pytest.mark.parametrize("name", ["server.pem", "server.der", "both.pem"])
@pytest.mark.parametrize("form", [read, lambda name: str(PKI / name), lambda name: PKI / name,
                                  lambda name: bytearray(read(name)),
                                  lambda name: memoryview(read(name))])
def test_certificates(name, form):
    certificate = rfctls.Certificate.load(form(name))
    assert certificate.der == read("server.der")
    assert certificate == rfctls.Certificate.load(read("server.der"))
    assert hash(certificate) == hash(rfctls.Certificate.load(read("server.der")))
    assert certificate != rfctls.Certificate.load(CA)
    assert certificate.subject.startswith("CN=server.test")
    assert certificate.issuer != certificate.subject


def test_a_chain_keeps_its_order():
    both = read("server.pem") + read("ca.pem")
    chain = rfctls.Certificate.load_chain(both)
    assert chain[0] == rfctls.Certificate.load(read("server.pem"))
    assert chain[-1] == rfctls.Certificate.load(CA)


@pytest.mark.parametrize("name, passphrase", [
    ("server.key", None), ("server.key.der", None), ("server-traditional.key", None),
    ("server-traditional.key.der", None), ("server-rsa-traditional.key", None),
    ("server-rsa-traditional.key.der", None), ("server-encrypted.key", "secret"),
    ("server-encrypted.key", b"secret"), ("server-traditional-encrypted.key", "secret")])
@pytest.mark.parametrize("form", [read, lambda name: PKI / name])
def test_keys(name, passphrase, form):
    key = rfctls.PrivateKey.load(form(name), passphrase)
    name = "server-rsa.pem" if "rsa" in name else "server.pem"
    assert rfctls.Identity(PKI / name, key).certificate == rfctls.Certificate.load(PKI / name)


@pytest.mark.parametrize("passphrase", [None, "wrong", ""])
@pytest.mark.parametrize("name", ["server-encrypted.key", "server-traditional-encrypted.key"])
def test_an_encrypted_key_needs_its_passphrase_and_asks_no_terminal(name, passphrase):
    with pytest.raises(rfctls.ParseError):
        rfctls.PrivateKey.load(read(name), passphrase)


def test_a_passphrase_of_a_wrong_kind():
    with pytest.raises(TypeError):
        rfctls.PrivateKey.load(read("server-encrypted.key"), 1)
    with pytest.raises(ValueError):
        rfctls.PrivateKey.load(read("server-encrypted.key"), "sec\0ret")


@pytest.mark.parametrize("name, passphrase", [
    ("server.p12", "secret"), ("server.p12", b"secret"), ("server-nopass.p12", None),
    ("both.pem", None)])
@pytest.mark.parametrize("form", [read, lambda name: str(PKI / name)])
def test_identities(name, passphrase, form):
    identity = rfctls.Identity.load(form(name), passphrase)
    assert identity.certificate == rfctls.Certificate.load(read("server.der"))
    assert identity.chain[0] == identity.certificate


ROOT = pathlib.Path(os.environ["RFCTLS_SOURCE_DIR"])
LOADING = [line.split("\t") for line in
           (ROOT / "tests/parity/loading.tsv").read_text(encoding="utf-8").splitlines()[1:]]
LOADERS = {
    "chain": lambda source, passphrase, _: len(rfctls.Certificate.load_chain(source, passphrase)),
    "key": lambda source, passphrase, _: rfctls.PrivateKey.load(source, passphrase) and "-",
    "identity": lambda source, passphrase, alias: len(
        rfctls.Identity.load(source, passphrase, alias=alias).chain),
}
WAYS_OUT = {"legacy": "openssl-provider-legacy", "ml-dsa": "ML-DSA-44, which needs OpenSSL 3.5"}


@pytest.mark.parametrize("form", [read, lambda name: PKI / name])
@pytest.mark.parametrize("row", LOADING, ids=lambda row: "-".join(row[:4]))
def test_files_of_every_maker(row, form):
    name, kind, passphrase, alias, answer, count, words, needs = row
    given = [None if cell == "-" else cell for cell in (passphrase, alias)]
    try:
        got = f"OK {LOADERS[kind](form(name), *given)}"
    except rfctls.UnsupportedError as error:
        assert WAYS_OUT.get(needs, "\0") in str(error) or answer == error.status
    except rfctls.Error as error:
        assert error.status == answer
        assert words == "-" or words in str(error)
    else:
        assert got == f"{answer} {count}"


def test_a_truststore_of_authorities():
    store = rfctls.Certificate.load_chain(PKI / "ca.p12", "secret")
    assert rfctls.Config(authorities=store).authorities == (rfctls.Certificate.load(CA),)
    assert rfctls.Config(authorities=PKI / "ca.p7b").authorities == store


def test_identities_that_lack_something():
    with pytest.raises(rfctls.IdentityError):
        rfctls.Identity.load(read("server.pem"))
    with pytest.raises((rfctls.IdentityError, rfctls.ParseError)):
        rfctls.Identity.load(read("server.key"))
    with pytest.raises(rfctls.ParseError):
        rfctls.Identity.load(read("server.p12"), "wrong")


def test_a_key_of_another_certificate_is_refused_at_once():
    with pytest.raises(rfctls.IdentityError):
        rfctls.Identity(pem("server")[0], pem("client")[1])


def test_an_identity_for_first_steps():
    identity = rfctls.Identity.self_signed("first.test")
    assert "first.test" in identity.certificate.subject
    assert 28 < (identity.certificate.not_after.timestamp() - time.time()) / 86400 < 31


@pytest.mark.parametrize("name", ["garbage.pem", "truncated.pem", "one-bad-ca.pem"])
def test_damaged_files_are_errors_and_never_halves(name):
    with pytest.raises(rfctls.ParseError):
        rfctls.Certificate.load_chain(PKI / name)
    with pytest.raises(rfctls.ParseError):
        rfctls.Config(authorities=PKI / name)


@pytest.mark.parametrize("source", [b"", b"\x30", b"\x30\x82\xff\xff", b"-----BEGIN", b"\0" * 100])
def test_damaged_bytes(source):
    for load in (rfctls.Certificate.load, rfctls.PrivateKey.load, rfctls.Identity.load):
        with pytest.raises((rfctls.ParseError, rfctls.IdentityError)):
            load(source)


def test_files_that_cannot_be_read(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    begin = time.monotonic()
    for path in (tmp_path, tmp_path / "missing", fifo):
        for load in (rfctls.Certificate.load, rfctls.PrivateKey.load, rfctls.Identity.load):
            with pytest.raises(rfctls.SystemCallError, match=path.name):
                load(path)
    assert time.monotonic() - begin < 5


def test_a_file_name_that_is_no_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.pem"
    pathlib.Path(os.fsdecode(path)).write_bytes(read("ca.pem"))
    assert rfctls.Certificate.load(os.fsdecode(path)) == rfctls.Certificate.load(CA)


@pytest.mark.parametrize("source", [None, 1, 1.5, [b"x"], "a\0b"])
def test_sources_of_a_wrong_kind(source):
    for load in (rfctls.Certificate.load, rfctls.PrivateKey.load, rfctls.Identity.load):
        with pytest.raises((TypeError, ValueError)):
            load(source)


def test_authorities_in_every_form():
    ca, other = rfctls.Certificate.load(CA), rfctls.Certificate.load(PKI / "other-ca.pem")
    for authorities in (CA, PKI / "ca.pem", read("ca.pem"), ca, [ca], [CA], (ca.der,)):
        assert rfctls.Config(authorities=authorities).authorities == (ca,)
    both = rfctls.Config(authorities=iter([CA, other]))
    assert both.authorities == (ca, other)
    assert both.replace(timeout=1).authorities == (ca, other)
