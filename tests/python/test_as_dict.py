"""Certificates that nobody makes on purpose: as_dict() is what ssl makes of them."""
import ssl

import pytest

import rfctls

pytest.importorskip("cryptography", reason="cryptography is not installed")
from make_pki import der, pem_of

COMMON_NAME, UNIQUE_ID = "2.5.4.3", "2.5.4.45"
NAMES, POINTS, ACCESS = "2.5.29.17", "2.5.29.31", "1.3.6.1.5.5.7.1.1"
UTF8, IA5, T61, PRINTABLE, BMP, UNIVERSAL, BITS = 12, 22, 20, 19, 30, 28, 3


def oid(text):
    first, second, *rest = map(int, text.split("."))
    made = b""
    for number in (40 * first + second, *rest):
        digits = [number & 0x7f]
        while number := number >> 7:
            digits.append(number & 0x7f | 0x80)
        made += bytes(reversed(digits))
    return der(0x06, made)


def name(*relatives):
    """A distinguished name; each relative one is a list of (type, tag, value)."""
    return der(0x30, b"".join(
        der(0x31, b"".join(der(0x30, oid(kind) + der(tag, value)) for kind, tag, value in relative))
        for relative in relatives))


def common(tag, value):
    return name([(COMMON_NAME, tag, value)])


def extension(kind, content):
    return der(0x30, oid(kind) + der(0x04, content))


def alternative(*names):
    return extension(NAMES, der(0x30, b"".join(names)))


def other_name(kind, tag, value):
    return der(0xA0, oid(kind) + der(0xA0, der(tag, value)))


def utc(text):
    return der(0x17, text.encode())


def general(text):
    return der(0x18, text.encode())


def certificate(subject=common(UTF8, b"x"), *, issuer=common(UTF8, b"y"), serial=b"\1", version=2,
                begin=utc("250101000000Z"), end=utc("490101000000Z"), extensions=()):
    """One with a signature that nobody looks at."""
    algorithm = der(0x30, oid("1.3.101.112"))
    number = der(0xA0, der(0x02, bytes([version]))) if version else b""
    key = der(0x30, algorithm + der(0x03, b"\0" + b"\1" * 32))
    more = der(0xA3, der(0x30, b"".join(extensions))) if extensions else b""
    signed = der(0x30, number + der(0x02, serial) + algorithm + issuer + der(0x30, begin + end)
                 + subject + key + more)
    return der(0x30, signed + algorithm + der(0x03, bytes(65)))


def types(arc, numbers, tag=UTF8):
    return name(*[[(f"{arc}.{number}", tag, b"1")] for number in numbers])


ODD = {
    "version 1": certificate(version=0),
    "version 2": certificate(version=1),
    "serial number 0": certificate(serial=b"\0"),
    "negative serial numbers": certificate(serial=b"\xff"),
    "negative serial numbers of two bytes": certificate(serial=b"\xfe\x01"),
    "a long serial number": certificate(serial=b"\0" + b"\xab" * 20),
    "UTCTime without seconds": certificate(begin=utc("2501010203Z")),
    "UTCTime of another zone": certificate(begin=utc("250101000000+0130")),
    "UTCTime of the last century": certificate(begin=utc("500109010203Z")),
    "GeneralizedTime": certificate(end=general("99991231235959Z")),
    "GeneralizedTime without seconds": certificate(end=general("205001010203Z")),
    "GeneralizedTime with a fraction": certificate(end=general("20500101020304.5Z")),
    "relative names of several parts": certificate(name(
        [(COMMON_NAME, UTF8, b"a"), ("2.5.4.11", UTF8, b"b")], [("2.5.4.10", UTF8, b"c")])),
    "an empty name": certificate(name()),
    "an empty part": certificate(common(UTF8, b"")),
    "a NUL": certificate(common(UTF8, b"a\0b")),
    "BMPString": certificate(common(BMP, "é€".encode("utf-16-be"))),
    "UniversalString": certificate(common(UNIVERSAL, "é😀".encode("utf-32-be"))),
    "TeletexString": certificate(common(T61, b"\xe9")),
    "PrintableString of 8 bits": certificate(common(PRINTABLE, b"\xe9")),
    "IA5String of 8 bits": certificate(common(IA5, b"\xe9@x")),
    "NumericString": certificate(common(18, b"12")),
    "a unique identifier": certificate(name([(UNIQUE_ID, BITS, b"\0\x5a\xf5")])),
    "a unique identifier of the issuer": certificate(issuer=name([(UNIQUE_ID, BITS, b"\0\7")])),
    "a unique identifier with unused bits": certificate(name([(UNIQUE_ID, BITS, b"\3\xab\xcf")])),
    "an empty unique identifier": certificate(name([(UNIQUE_ID, BITS, b"\0")])),
    "an unknown type": certificate(name([("1.2.3.4.5", UTF8, b"x")])),
    "a type of large numbers": certificate(name([(f"2.999.{10 ** 30}", UTF8, b"x")])),
    "types of X.520": certificate(types("2.5.4", range(1, 110))),
    "types of RFC 4524": certificate(types("0.9.2342.19200300.100.1", range(1, 61))),
    "types of PKCS#9": certificate(types("1.2.840.113549.1.9", range(1, 30))),
    "types of jurisdiction": certificate(types("1.3.6.1.4.1.311.60.2.1", (1, 2, 3, 4))),
    "types of Russian numbers": certificate(types("1.2.643.100", (1, 3, 5), 18)),
    "names of hosts, people and places": certificate(extensions=[alternative(
        der(0x82, b"a.test"), der(0x81, b"a@b"), der(0x86, b"http://x"), der(0x82, b"\xc3\xbc"))]),
    "names with NULs": certificate(extensions=[alternative(der(0x81, b"a\0b@c"),
                                                           der(0x82, b"a\0b"))]),
    "addresses of every length": certificate(extensions=[alternative(
        *[der(0x87, bytes(range(size))) for size in (0, 3, 4, 8, 16, 32)],
        der(0x87, bytes(15) + b"\1"))]),
    "a directory's name": certificate(extensions=[alternative(der(0xA4, name(
        [(COMMON_NAME, UTF8, b"d"), (UNIQUE_ID, BITS, b"\0\1")])))]),
    "registered identifiers": certificate(extensions=[alternative(
        *[der(0x88, oid(each)[2:]) for each in ("1.2.3.4", COMMON_NAME, "1.3.6.1.5.5.7.3.1")])]),
    "other names": certificate(extensions=[alternative(
        other_name("1.2.3", UTF8, b"x"), other_name("1.3.6.1.4.1.311.20.2.3", UTF8, b"u@d"),
        other_name("1.3.6.1.5.5.7.8.5", UTF8, b"x@y"), other_name("1.3.6.1.5.5.7.8.7", IA5, b"_s.x"),
        other_name("1.3.6.1.5.5.7.8.8", UTF8, b"r"), other_name("1.3.6.1.5.5.7.8.9", UTF8, b"u@d"),
        other_name("1.3.6.1.4.1.311.20.2.3", 4, b"u"))]),
    "names of X.400 and EDI": certificate(extensions=[alternative(
        der(0xA3, der(0x30, b"")), der(0xA5, der(0xA1, der(UTF8, b"p"))))]),
    "no names": certificate(extensions=[alternative()]),
    "names that are cut": certificate(extensions=[extension(NAMES, b"\x30\x05\x82")]),
    "names that stand there twice": certificate(extensions=[alternative(der(0x82, b"a")),
                                                            alternative(der(0x82, b"b"))]),
    "access to authorities": certificate(extensions=[extension(ACCESS, der(0x30, b"".join(
        der(0x30, oid(kind) + der(tag, where)) for kind, tag, where in [
            ("1.3.6.1.5.5.7.48.1", 0x86, b"http://o"), ("1.3.6.1.5.5.7.48.2", 0x86, b"http://i"),
            ("1.3.6.1.5.5.7.48.1", 0x82, b"dns"), ("1.2.3", 0x86, b"http://z")])))]),
    "no access": certificate(extensions=[extension(ACCESS, der(0x30, b""))]),
    "points of revocation": certificate(extensions=[extension(POINTS, der(
        0x30, der(0x30, der(0xA0, der(0xA0, der(0x86, b"http://c") + der(0x86, b"ldap://d")
                                      + der(0x82, b"n")))) + der(0x30, der(0x81, b"\0\1"))))]),
    "a relative point": certificate(extensions=[extension(POINTS, der(0x30, der(0x30, der(
        0xA0, der(0xA1, der(0x30, oid(COMMON_NAME) + der(UTF8, b"r")))))))]),
}


@pytest.mark.parametrize("which", ODD)
def test_as_dict_is_what_ssl_makes_of_it(which, tmp_path):
    file = tmp_path / "odd.pem"
    file.write_bytes(pem_of("CERTIFICATE", ODD[which]))
    try:
        wanted = ssl._ssl._test_decode_cert(str(file))
    except ssl.SSLError:  # times without seconds (RFC 5280 section 4.1.2.5) are none for OpenSSL 3.6
        assert which.endswith("without seconds")
        with pytest.raises(rfctls.ParseError, match="certificate cannot be read"):
            rfctls.Certificate.load(file)
    else:
        assert rfctls.Certificate.load(file).as_dict() == wanted


@pytest.mark.parametrize("content", [
    certificate(extensions=[alternative(der(0x82, b"\xfc"))]),
    certificate(end=general("00000101000000Z")),
], ids=["a name that is no text", "a date before the first year"])
def test_what_has_no_form_in_python_is_an_error_of_ours(content):
    with pytest.raises(rfctls.ParseError):
        rfctls.Certificate.load(content).as_dict()
