#!/usr/bin/env python3
"""Makes the certificates and keys of all tests: make_pki.py FOLDER.

manifest.tsv lists what is there: name, role (server, client: NAME.pem is a chain, leaf first,
without the root, and NAME.key its key; data: a file of that name), verdict, the reason for which a
peer that trusts only ca.pem refuses it, and why in words. A client asks for server.test, or for
127.0.0.1 where the name begins with "ip-". Dates are relative to now; nothing is made again while
what is there is younger than a day and from this very script.
"""

import base64
import datetime
import hashlib
import hmac
import ipaddress
import pathlib
import shutil
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat, pkcs7, pkcs12)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
GOOD_DATES = (NOW - DAY, NOW + 30 * DAY)
SERVER_NAMES = [x509.DNSName("server.test"), x509.DNSName("localhost"),
                x509.DNSName("*.wild.test"),
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                x509.IPAddress(ipaddress.ip_address("::1"))]
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
PASSPHRASE = b"secret"
DATA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"  # an OID of PKCS#7
SERVER_USE = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
CLIENT_USE = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"


class Entity:
    """A certificate, its key, and the intermediates that are sent with it."""

    def __init__(self, cert, key, chain=()):
        self.cert = cert
        self.key = key
        self.chain = (cert, *chain)

    def pem(self):
        return b"".join(cert.public_bytes(Encoding.PEM) for cert in self.chain)

    def key_bytes(self, encoding=Encoding.PEM, form=PrivateFormat.PKCS8, encryption=None):
        return self.key.private_bytes(encoding, form, encryption or NoEncryption())


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key(bits):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "librfctls tests"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(ca, rsa_leaf):
    return x509.KeyUsage(digital_signature=True, content_commitment=False,
                         key_encipherment=rsa_leaf, data_encipherment=False, key_agreement=False,
                         key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False)


def issue(common_name, key=None, issuer=None, ca=False, usage=SERVER, names=None, dates=GOOD_DATES,
          extensions=(), restricted=True):
    """Makes an entity; without an issuer it signs itself. The chain holds no root."""
    key = key or p256()
    subject = name(common_name)
    issuer_key = issuer.key if issuer else key
    builder = (x509.CertificateBuilder()
               .subject_name(subject)
               .issuer_name(issuer.cert.subject if issuer else subject)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(dates[0])
               .not_valid_after(dates[1])
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                              critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                   issuer_key.public_key()), critical=False))
    if restricted:
        builder = builder.add_extension(
            key_usage(ca, isinstance(key, rsa.RSAPrivateKey) and not ca), critical=True)
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    by_root = issuer is None or issuer.cert.issuer == issuer.cert.subject
    cert = full_length(issuer_key, lambda: builder.sign(issuer_key, hashes.SHA256()),
                       lambda made: made.signature)
    return Entity(cert, key, () if by_root else issuer.chain)


def full_length(key, sign, signature_of=lambda made: made):
    """What sign makes, once both numbers of its ECDSA signature have all their bytes: Wine 8.0 takes a
    signature with a shorter one, one in 128, for a wrong one."""
    made = sign()
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return made
    while min(map(int.bit_length, decode_dss_signature(signature_of(made)))) <= key.key_size - 8:
        made = sign()
    return made


class Folder:
    """Writes the files and remembers the manifest."""

    def __init__(self, path):
        self.path = path
        self.rows = [("name", "role", "verdict", "reason", "why")]

    def row(self, *columns):
        self.rows.append(columns)

    def identity(self, label, role, reason, why, entity):
        (self.path / f"{label}.pem").write_bytes(entity.pem())
        (self.path / f"{label}.key").write_bytes(entity.key_bytes())
        self.row(label, role, "bad" if reason else "good", reason or "-", why)

    def data(self, label, verdict, why, content):
        (self.path / label).write_bytes(content)
        self.row(label, "data", verdict, "-", why)

    def finish(self, stamp):
        text = "".join("\t".join(row) + "\n" for row in self.rows)
        (self.path / "manifest.tsv").write_text(text)
        (self.path / "stamp").write_text(stamp)


def good_identities(out, root, issuer):
    def server(key=None):
        return issue("server.test", key, issuer, names=SERVER_NAMES)

    entities = {"server": server(), "server-rsa": server(rsa_key(2048)),
                "server-ed25519": server(ed25519.Ed25519PrivateKey.generate())}
    for label, entity in entities.items():
        out.identity(label, "server", None,
                     "for server.test, localhost, *.wild.test, 127.0.0.1 and ::1", entity)
    out.identity("server-direct", "server", None, "the same names, issued by the root itself",
                 issue("server.test", issuer=root, names=SERVER_NAMES))
    out.identity("server-rsa-direct", "server", None, "the same with an RSA key",
                 issue("server.test", rsa_key(2048), root, names=SERVER_NAMES))
    entities["server-partitioned"] = issue(
        "server.test", issuer=issuer, names=SERVER_NAMES,
        extensions=[(x509.CRLDistributionPoints([partition(1)]), False)])
    out.identity("server-partitioned", "server", None,
                 "the same names, and its revocation list is partition 1",
                 entities["server-partitioned"])
    entities["client"] = issue("client", issuer=issuer, usage=CLIENT)
    out.identity("client", "client", None, "a client", entities["client"])
    out.identity("client-rsa", "client", None, "a client with an RSA key",
                 issue("client", rsa_key(2048), issuer, usage=CLIENT))
    out.identity("client-rsa-direct", "client", None, "the same, issued by the root itself",
                 issue("client", rsa_key(2048), root, usage=CLIENT))
    return entities


def bad_servers(out, issuer, other):
    def bad(label, reason, why, common_name="server.test", *, signer=issuer, names=None, **rest):
        entity = issue(common_name, issuer=signer, names=names or SERVER_NAMES, **rest)
        out.identity(label, "server", reason, why, entity)
        return entity

    bad("expired", "EXPIRED", "its validity ended yesterday", dates=(NOW - 30 * DAY, NOW - DAY))
    bad("not-yet-valid", "NOT_YET_VALID", "its validity begins tomorrow",
        dates=(NOW + DAY, NOW + 30 * DAY))
    bad("wrong-name", "NAME", "for other.test only", "other.test",
        names=[x509.DNSName("other.test")])
    bad("wrong-ca", "ISSUER", "issued by other-ca.pem", signer=other)
    bad("self-signed", "SELF_SIGNED", "signed by itself", signer=None)
    bad("ip-under-dns", "NAME", "127.0.0.1 stands as a DNS name, not as an IP address", "127.0.0.1",
        names=[x509.DNSName("127.0.0.1")])
    bad("cn-only", "NAME", "server.test is the common name, the alternative name is other.test",
        names=[x509.DNSName("other.test")])
    out.identity("no-names", "server", "NAME", "server.test is the common name, there is no other name",
                 issue("server.test", issuer=issuer))
    bad("star", "NAME", "for * and *.*", names=[x509.DNSName("*"), x509.DNSName("*.*")])
    bad("client-eku", "PURPOSE", "for clients only", usage=CLIENT)
    bad("weak-rsa", "WEAK", "an RSA key of 1024 bits", key=rsa_key(1024))
    bad("critical-extension", "EXTENSION", "has a critical extension that nobody knows",
        extensions=[(raw_extension("1.3.6.1.4.1.55555.1", b"\x05\x00"), True)])

    long_ago = (NOW - 30 * DAY, NOW - DAY)  # of two problems the order of core/x509/verify_error.c tells one
    bad("expired-wrong-name", "NAME", "for other.test only, and expired", "other.test", dates=long_ago,
        names=[x509.DNSName("other.test")])
    bad("expired-wrong-ca", "ISSUER", "issued by other-ca.pem, and expired", signer=other, dates=long_ago)
    bad("expired-client-eku", "PURPOSE", "for clients only, and expired", usage=CLIENT, dates=long_ago)

    out.identity("missing-intermediate", "server", "ISSUER", "sent without its intermediate",
                 without_chain(issue("server.test", issuer=issuer, names=SERVER_NAMES)))
    leaf = issue("leaf.test", issuer=issuer, names=[x509.DNSName("leaf.test")],
                 restricted=False)
    bad("leaf-as-ca", "CONSTRAINT", "issued by a certificate that is not a CA's", signer=leaf)
    raw_names = der(0x30, der(0x82, b"server.test\0.evil.test"))
    out.identity("nul-san", "server", "NAME", r"for the DNS name server.test\0.evil.test",
                 issue("evil.test", issuer=issuer,
                       extensions=[(raw_extension("2.5.29.17", raw_names), False)]))
    out.identity("sha1", "server", "WEAK", "signed with SHA-1",
                 signed_with_sha1(issue("server.test", issuer=issuer, names=SERVER_NAMES), issuer))


def bad_clients(out, issuer, other):
    out.identity("client-expired", "client", "EXPIRED", "its validity ended yesterday",
                 issue("client", issuer=issuer, usage=CLIENT, dates=(NOW - 30 * DAY, NOW - DAY)))
    out.identity("client-other-ca", "client", "ISSUER", "issued by other-ca.pem",
                 issue("client", issuer=other, usage=CLIENT))


def without_chain(entity):
    return Entity(entity.cert, entity.key)


def der(tag, content):
    size = len(content)
    if size >= 128:
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes([tag, 128 + len(octets)]) + octets + content
    return bytes([tag, size]) + content


def raw_extension(oid, content):
    return x509.UnrecognizedExtension(ObjectIdentifier(oid), content)


def signed_with_sha1(entity, issuer):
    """Signs anew for a P-256 issuer: newer versions of cryptography refuse SHA-1 there."""
    sha256 = der(0x30, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
    sha1 = der(0x30, b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01")
    signed = entity.cert.tbs_certificate_bytes
    header = 4  # its size takes two octets
    signed = der(0x30, signed[header:].replace(sha256, sha1, 1))
    signature = full_length(issuer.key, lambda: issuer.key.sign(signed, ec.ECDSA(hashes.SHA1())))
    whole = der(0x30, signed + sha1 + der(0x03, b"\0" + signature))
    return Entity(x509.load_der_x509_certificate(whole), entity.key, issuer.chain)


def damaged(cert):
    """Good base64, but no certificate."""
    body = cert.public_bytes(Encoding.DER)
    text = base64.encodebytes(b"\xff\xff\xff\xff" + body[4:])
    return b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"


def container(entity, others, encryption):
    return pkcs12.serialize_key_and_certificates(b"server", entity.key, entity.cert, list(others),
                                                 encryption)


def revocation_list(issuer, *revoked, signer=None, dates=GOOD_DATES, extensions=(), of_entries=()):
    """What issuer says that it revoked; signer's key signs it, if that is not issuer's own. Extensions
    are those of the list and those of each of its entries, with whether they are critical."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.cert.subject)
    builder = builder.last_update(dates[0]).next_update(dates[1])
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for entity in revoked:
        entry = (x509.RevokedCertificateBuilder().serial_number(entity.cert.serial_number)
                 .revocation_date(dates[0]))
        for extension, critical in of_entries:
            entry = entry.add_extension(extension, critical)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign((signer or issuer).key, hashes.SHA256())


def revocation_lists(out, root, issuer, other, good):
    def add(label, verdict, why, *lists, form=Encoding.PEM):
        out.data(label, verdict, why, b"".join(each.public_bytes(form) for each in lists))

    none = revocation_list(issuer)
    add("none.crl", "good", "the intermediate revoked nobody", none)
    add("none.crl.der", "good", "the same in DER", none, form=Encoding.DER)
    add("server.crl", "good", "the intermediate revoked server", revocation_list(
        issuer, good["server"]))
    add("client.crl", "good", "the intermediate revoked client", revocation_list(
        issuer, good["client"]))
    add("issuer.crl", "good", "the root revoked the intermediate, which revoked nobody", none,
        revocation_list(root, issuer))
    add("outdated.crl", "bad", "its next update was due yesterday", revocation_list(
        issuer, dates=(NOW - 30 * DAY, NOW - DAY)))
    add("forged.crl", "bad", "signed by somebody else", revocation_list(issuer, signer=other))
    partial_lists(add, root, issuer, good)
    unprocessed_lists(add, issuer, good)


def partition(number):
    """Where a part of the intermediate's revocation list lies."""
    return x509.DistributionPoint([x509.UniformResourceIdentifier(f"http://crl.test/{number}.crl")],
                                  None, None, None)


def covers(number=None, users=False, authorities=False, reasons=None, indirect=False,
           attributes=False):
    """What a list covers, as its extension (RFC 5280 section 5.2.5)."""
    names = partition(number).full_name if number else None
    return [(x509.IssuingDistributionPoint(names, None, users, authorities, reasons, indirect,
                                           attributes), True)]


def partial_lists(add, root, issuer, good):
    """Lists that cover a part of what their issuer issued."""
    server = good["server-partitioned"]
    add("partition.crl", "good", "partition 1, without server-partitioned", revocation_list(
        issuer, extensions=covers(1, users=True)))
    add("partition-revoked.crl", "good", "partition 1, with server-partitioned", revocation_list(
        issuer, server, extensions=covers(1, users=True)))
    add("partition-other.crl", "good", "partition 2", revocation_list(
        issuer, extensions=covers(2, users=True)))
    add("users.crl", "good", "of certificates that are no authorities'", revocation_list(
        issuer, good["server"], extensions=covers(users=True)))
    add("authorities.crl", "good", "of authorities' certificates", revocation_list(
        issuer, extensions=covers(authorities=True)))
    add("issuer-authorities.crl", "good", "the same of the root, which revoked the intermediate",
        revocation_list(issuer), revocation_list(root, issuer, extensions=covers(authorities=True)))
    add("issuer-users.crl", "good", "the root's, which does not cover the intermediate",
        revocation_list(issuer), revocation_list(root, extensions=covers(users=True)))


def unprocessed_lists(add, issuer, good):
    """Lists that are not to be taken for complete ones."""
    def bad(label, why, extensions=(), of_entries=()):
        add(label, "bad", why, revocation_list(issuer, good["client"], extensions=extensions,
                                               of_entries=of_entries))

    number, base = (x509.CRLNumber(5), False), x509.DeltaCRLIndicator(4)
    delta = revocation_list(issuer, extensions=[number, (base, True)])
    add("delta.crl", "bad", "only what changed since list 4", delta)
    add("delta.crl.der", "bad", "the same in DER", delta, form=Encoding.DER)
    bad("delta-uncritical.crl", "the same, though not marked critical", [number, (base, False)])
    bad("indirect.crl", "of several issuers", covers(indirect=True))
    bad("reasons.crl", "of certificates whose key was compromised",
        covers(reasons=frozenset([x509.ReasonFlags.key_compromise])))
    bad("attributes.crl", "of attribute certificates", covers(attributes=True))
    bad("critical.crl", "a critical extension that nobody knows",
        [(raw_extension("1.3.6.1.4.1.55555.1", b"\x05\x00"), True)])
    bad("critical-entry.crl", "the same in an entry",
        of_entries=[(raw_extension("1.3.6.1.4.1.55555.2", b"\x05\x00"), True)])
    bad("entry-of-other.crl", "an entry of another issuer's certificate", of_entries=[
        (x509.CertificateIssuer([x509.DirectoryName(name("librfctls other root"))]), True)])
    scope = "2.5.29.28"
    bad("unreadable-scope.crl", "what it covers cannot be read",
        [(raw_extension(scope, b"\x30\x7f"), True)])
    both = der(0x30, der(0x81, b"\xff") + der(0x82, b"\xff"))
    bad("contrary-scope.crl", "of users' certificates alone and of authorities' alone",
        [(raw_extension(scope, both), True)])
    add("scope-twice.crl", "bad", "what it covers stands twice", with_second_scope(issuer))


class Der:
    """Bytes that are written as they are, in the way of cryptography's objects."""

    def __init__(self, content):
        self.content = content

    def public_bytes(self, form):
        return (self.content if form == Encoding.DER else
                b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(self.content)
                + b"-----END X509 CRL-----\n")


def with_second_scope(issuer):
    """Cryptography writes no extension twice: it gets another number, which is changed."""
    other = raw_extension("2.5.29.127", covers(2, users=True)[0][0].public_bytes())
    made = revocation_list(issuer, extensions=[*covers(1, users=True), (other, True)])
    signed = made.tbs_certlist_bytes.replace(b"\x55\x1d\x7f", b"\x55\x1d\x1c")
    sha256 = der(0x30, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
    signature = issuer.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    return Der(der(0x30, signed + sha256 + der(0x03, b"\0" + signature)))


# ---- files as other programs write them: tests/parity/loading.tsv says what is in each ----

def items(content):
    """The (tag, content) pairs that DER is made of, of less than 64 KiB each."""
    while content:
        size, header = content[1], 2
        if size & 0x80:
            header += size & 0x7f
            size = int.from_bytes(content[2:header], "big")
        yield content[0], content[header:header + size]
        content = content[header + size:]


def pfx(safe, mac=b""):
    """A PKCS#12 around an AuthenticatedSafe (RFC 7292 section 4)."""
    data = der(0x30, der(0x06, DATA) + der(0xA0, der(0x04, safe)))
    return der(0x30, der(0x02, b"\x03") + data + mac)


def safe_of(container):
    """The AuthenticatedSafe of a PKCS#12."""
    (_, whole), = items(container)
    (_, info) = list(items(whole))[1]
    (_, explicit) = list(items(info))[1]
    return next(items(explicit))[1]


def guarded_by_pbmac1(safe):
    """The MacData of RFC 9579: PBKDF2 with SHA-512, HMAC with SHA-256."""
    def algorithm(oid, parameters=b"\x05\x00"):
        return der(0x30, der(0x06, oid) + parameters)

    salt, rounds = b"salted42", 2048
    key = hashlib.pbkdf2_hmac("sha512", PASSPHRASE, salt, rounds, 32)
    kdf = algorithm(b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c", der(
        0x30, der(0x04, salt) + der(0x02, rounds.to_bytes(2, "big")) + der(0x02, b"\x20")
        + algorithm(b"\x2a\x86\x48\x86\xf7\x0d\x02\x0b")))
    code = algorithm(b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e", der(
        0x30, kdf + algorithm(b"\x2a\x86\x48\x86\xf7\x0d\x02\x09")))
    digest = hmac.digest(key, safe, "sha256")
    return der(0x30, der(0x30, code + der(0x04, digest)) + der(0x04, b"unused") + der(0x02, b"\x01"))


def ber(content):
    """DER as BER: indefinite lengths, and long strings in pieces, also the implicit one of encrypted data."""
    made = b""
    for tag, inside in items(content):
        if tag in (0x04, 0x80) and len(inside) > 100:
            pieces = b"".join(der(0x04, inside[at:at + 100]) for at in range(0, len(inside), 100))
            made += bytes([tag | 0x20, 0x80]) + pieces + b"\0\0"
        else:
            made += bytes([tag, 0x80]) + ber(inside) + b"\0\0" if tag & 0x20 else der(tag, inside)
    return made


def java_safe(cert, use):
    """An AuthenticatedSafe with a certificate that Java trusts for this use."""
    held = der(0x30, der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01")
               + der(0xA0, der(0x04, cert.public_bytes(Encoding.DER))))
    attribute = der(0x30, der(0x06, b"\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01")
                    + der(0x31, use))
    bag = der(0x30, der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03")
              + der(0xA0, held) + der(0x31, attribute))
    return der(0x30, der(0x30, der(0x06, DATA) + der(0xA0, der(0x04, der(0x30, bag)))))


def pem_of(label, content):
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode()


def pbes2(function, *parameters):
    """An EncryptedPrivateKeyInfo of which only the way to the key matters (RFC 8018)."""
    kdf = der(0x30, der(0x06, function) + der(0x30, b"".join(parameters)))
    cipher = der(0x30, b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x02" + der(0x04, bytes(16)))
    way = der(0x30, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d" + der(0x30, kdf + cipher))
    return der(0x30, way + der(0x04, bytes(64)))


def trusted(cert, *uses, rejected=()):
    """A certificate with OpenSSL's trust settings (X509_AUX)."""
    settings = der(0x30, b"".join(uses)) if uses else b""
    settings += der(0xA0, b"".join(rejected)) if rejected else b""
    return pem_of("TRUSTED CERTIFICATE", cert.public_bytes(Encoding.DER) + der(0x30, settings))


def foreign_files(out, root, other, server, ed25519_server):
    def data(label, content):
        out.data(label, "good", "see loading.tsv", content)

    for path in sorted((pathlib.Path(__file__).parent / "odd").iterdir()):
        if path.suffix not in (".md", ".sh"):
            shutil.copy(path, out.path)
    p12 = container(server, server.chain[1:], BestAvailableEncryption(PASSPHRASE))
    data("nomac.p12", pfx(safe_of(p12)))
    data("pbmac1.p12", pfx(safe_of(p12), guarded_by_pbmac1(safe_of(p12))))
    data("ber.p12", ber(pfx(ber(safe_of(p12)))))
    data("ca.p12", pkcs12.serialize_key_and_certificates(
        None, None, None, [root.cert], BestAvailableEncryption(PASSPHRASE)))
    data("ca.p7b", pkcs7.serialize_certificates([root.cert], Encoding.PEM))
    data("java-clients.p12", pfx(java_safe(root.cert, CLIENT_USE)))
    certificates = list(server.chain)
    data("chain.p7b", pkcs7.serialize_certificates(certificates, Encoding.PEM))
    data("chain.p7b.der", pkcs7.serialize_certificates(certificates, Encoding.DER))
    data("ber.p7b.der", ber(pkcs7.serialize_certificates(certificates, Encoding.DER)))
    (_, key), = items(ed25519_server.key_bytes(Encoding.DER))
    public = ed25519_server.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    version_2 = der(0x30, der(0x02, b"\x01") + key[3:] + der(0x81, b"\0" + public))
    data("pkcs8v2.pem", ed25519_server.pem() + pem_of("PRIVATE KEY", version_2))
    number = der(0x02, (1 << 24).to_bytes(4, "big"))
    data("costly-rounds.key.der", pbes2(b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c", der(
        0x04, b"salt"), number))
    number = der(0x02, (1 << 20).to_bytes(3, "big"))  # a gigabyte
    data("costly-scrypt.key.der", pbes2(b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b", der(
        0x04, b"salt"), number, der(0x02, b"\x08"), der(0x02, b"\x01")))
    both = server.pem() + server.key_bytes()
    data("nul-at-end.pem", both + b"\0")
    data("utf16.pem", both.decode().encode("utf-16"))
    data("begin-in-comment.pem", b"copy from -----BEGIN CERTIFICATE----- on\n" + both)
    data("commented-out.pem", root.pem() + b"# " + other.pem().replace(b"\n", b"\n# "))
    data("x509-label.pem", server.key_bytes() + server.pem().replace(b" CERT", b" X509 CERT"))
    data("unknown-block.pem", root.pem() + other.pem().replace(b" CERT", b" ATTRIBUTE CERT"))
    data("plain-and-trusted.pem", root.pem() + trusted(other.cert, SERVER_USE))
    data("trusted-identity.pem", trusted(server.cert) + server.key_bytes())
    data("trusted-servers.pem", trusted(root.cert, SERVER_USE))
    data("trusted-clients.pem", trusted(root.cert, CLIENT_USE))
    data("trusted-mail.pem", trusted(root.cert, der(0x06, b"\x2b\x06\x01\x05\x05\x07\x03\x04")))
    data("trusted-any.pem", trusted(root.cert, der(0x06, b"\x55\x1d\x25\x00")))
    data("rejected-servers.pem", trusted(root.cert, rejected=[SERVER_USE]))
    data("trusted-garbage.pem", pem_of("TRUSTED CERTIFICATE", root.cert.public_bytes(Encoding.DER)
                                       + b"\x04\x00"))


def loader_files(out, root, other, server, server_rsa):
    encrypt = BestAvailableEncryption(PASSPHRASE)
    server_issuer = server.chain[1].public_bytes(Encoding.PEM)
    traditional = PrivateFormat.TraditionalOpenSSL
    pem, key = server.pem(), server.key_bytes()
    out.data("ca.pem", "good", "the root that issued all but what says otherwise", root.pem())
    out.data("intermediate.pem", "good", "the intermediate that issued server", server_issuer)
    out.data("other-ca.pem", "good", "a root that nobody trusts", other.pem())
    out.data("server.p12", "good", "server as PKCS#12, passphrase secret",
             container(server, server.chain[1:], encrypt))
    out.data("server-nopass.p12", "good", "server as PKCS#12, not encrypted",
             container(server, server.chain[1:], NoEncryption()))
    out.data("server-shuffled.p12", "good", "with the root before the intermediate, not encrypted",
             container(server, (root.cert, *server.chain[1:]), NoEncryption()))
    out.data("server-encrypted.key", "good", "encrypted PKCS#8, passphrase secret",
             server.key_bytes(encryption=encrypt))
    out.data("server-encrypted.key.der", "good", "the same in DER",
             server.key_bytes(Encoding.DER, encryption=encrypt))
    out.data("server-traditional.key", "good", "SEC 1", server.key_bytes(form=traditional))
    out.data("server-traditional-encrypted.key", "good",
             "SEC 1 with the headers of RFC 1421, passphrase secret",
             server.key_bytes(form=traditional, encryption=encrypt))
    out.data("server-traditional.key.der", "good", "SEC 1 in DER",
             server.key_bytes(Encoding.DER, traditional))
    out.data("server-rsa-traditional.key", "good", "PKCS#1", server_rsa.key_bytes(form=traditional))
    out.data("server-rsa-traditional.key.der", "good", "PKCS#1 in DER",
             server_rsa.key_bytes(Encoding.DER, traditional))
    out.data("server.der", "good", "the leaf in DER", server.cert.public_bytes(Encoding.DER))
    out.data("server.key.der", "good", "PKCS#8 in DER", server.key_bytes(Encoding.DER))
    out.data("both.pem", "good", "chain and key of server", pem + key)
    out.data("garbage.pem", "bad", "text that is no PEM", b"this is not a certificate\n" * 20)
    out.data("truncated.pem", "bad", "a chain that ends in the middle of a block",
             pem[:len(pem) * 3 // 4])
    out.data("one-bad-ca.pem", "bad", "the root, then a damaged certificate",
             root.pem() + damaged(root.cert))


def generate(path, stamp):
    out = Folder(path)
    root = issue("librfctls test root", ca=True)
    other = issue("librfctls other root", ca=True)
    issuer = issue("librfctls test intermediate", issuer=root, ca=True)
    good = good_identities(out, root, issuer)
    bad_servers(out, issuer, other)
    bad_clients(out, issuer, other)
    loader_files(out, root, other, good["server"], good["server-rsa"])
    foreign_files(out, root, other, good["server"], good["server-ed25519"])
    revocation_lists(out, root, issuer, other, good)
    out.finish(stamp)


def is_fresh(path, stamp):
    marker = path / "stamp"
    return (marker.is_file() and marker.read_text() == stamp
            and 0 <= time.time() - marker.stat().st_mtime < 24 * 60 * 60)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_pki.py FOLDER")
    path = pathlib.Path(sys.argv[1])
    script = pathlib.Path(__file__)
    sources = [script, *sorted((script.parent / "odd").iterdir())]
    stamp = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()
    if not is_fresh(path, stamp):
        path.mkdir(parents=True, exist_ok=True)
        generate(path, stamp)


if __name__ == "__main__":
    main()
