"""A certificate as the dictionary that ssl.SSLSocket.getpeercert gives, read from its DER bytes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from .certificates import Certificate

_ENCODINGS = {12: "utf-8", 28: "utf-32-be", 30: "utf-16-be"}  # the others: a byte is a character
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_BIT_STRING, _UTF8_STRING, _IA5_STRING = 0x03, 0x0C, 0x16
_OTHER_NAMES = {  # that OpenSSL prints, and in which type
    "1.3.6.1.4.1.311.20.2.3": ("UPN", _UTF8_STRING),
    "1.3.6.1.5.5.7.8.5": ("XmppAddr", _UTF8_STRING),
    "1.3.6.1.5.5.7.8.7": ("SRVName", _IA5_STRING),
    "1.3.6.1.5.5.7.8.8": ("NAIRealm", _UTF8_STRING),
    "1.3.6.1.5.5.7.8.9": ("SmtpUTF8Mailbox", _UTF8_STRING),
}


def describe(certificate: Certificate) -> dict[str, Any]:
    """The certificate's dictionary; the engine has parsed its bytes before."""
    ((_, whole),) = _items(certificate.der)
    fields = list(_items(next(_items(whole))[1]))
    version = 1
    if fields[0][0] == 0xA0:
        version += int.from_bytes(next(_items(fields.pop(0)[1]))[1], "big")
    serial, _, issuer, validity, subject = (content for _, content in fields[:5])
    (_, begin), (_, end) = _items(validity)
    described = {
        "subject": _distinguished_name(subject),
        "issuer": _distinguished_name(issuer),
        "version": version,
        "serialNumber": _serial(serial),
        "notBefore": _time(certificate.not_before, begin),
        "notAfter": _time(certificate.not_after, end),
    }
    for tag, content in fields[6:]:
        if tag == 0xA3:
            described.update(_extensions(content))
    return described


def _items(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) pairs that DER bytes are made of (X.690 section 8.1)."""
    at = 0
    while at < len(content):
        tag, size = content[at], content[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(content[at : at + count], "big")
            at += count
        if at + size > len(content):
            raise IndexError("an element is cut")
        yield tag, content[at : at + size]
        at += size


def _oid(content: bytes) -> str:
    numbers, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _name(content: bytes) -> str:
    """What ssl calls an object identifier: by its long name, if it knows one."""
    import ssl

    oid = _oid(content)
    try:
        return str(ssl._ASN1Object(oid).longname)
    except (AttributeError, ValueError):
        return oid


def _serial(content: bytes) -> str:
    number = int.from_bytes(content, "big", signed=True)
    digits = f"{abs(number):X}"
    return "-" * (number < 0) + "0" * (len(digits) % 2) + digits


def _time(time: datetime, content: bytes) -> str:
    _, point, fraction = content.decode().rstrip("Z").partition(".")
    month = _MONTHS[time.month - 1]
    return f"{month} {time.day:2} {time:%H:%M:%S}{point}{fraction} {time.year} GMT"


def _distinguished_name(content: bytes) -> tuple[tuple[tuple[str, Any], ...], ...]:
    return tuple(
        tuple(_attribute(attribute) for _, attribute in _items(relative))
        for _, relative in _items(content)
    )


def _attribute(content: bytes) -> tuple[str, Any]:
    (_, kind), (tag, value) = _items(content)
    if tag == _BIT_STRING:
        return _name(kind), _bits(value[0], value[1:])
    return _name(kind), value.decode(_ENCODINGS.get(tag, "latin-1"))


def _bits(unused: int, value: bytes) -> bytes | None:
    return value[:-1] + bytes([value[-1] >> unused << unused]) if value else None


def _extensions(content: bytes) -> dict[str, Any]:
    """Of those that ssl tells; one that cannot be read, or stands there twice, it takes for none."""
    found: dict[str, Any] = {}
    ((_, extensions),) = _items(content)
    parts = [list(_items(extension)) for _, extension in _items(extensions)]
    kinds = [_oid(part[0][1]) for part in parts]
    for kind, part in zip(kinds, parts):
        if kind in _READERS and kinds.count(kind) == 1:
            try:
                found.update(_READERS[kind](next(_items(part[-1][1]))[1]))
            except UnicodeDecodeError:
                raise
            except (IndexError, KeyError, StopIteration, ValueError):
                pass
    return found


def _alternative_names(content: bytes) -> dict[str, Any]:
    return {"subjectAltName": tuple(_general_name(*item) for item in _items(content))}


def _general_name(tag: int, content: bytes) -> tuple[str, Any]:
    kind = tag & 0x1F
    if kind in (1, 2, 6):
        return {1: "email", 2: "DNS", 6: "URI"}[kind], content.decode()
    if kind == 4:
        return "DirName", _distinguished_name(next(_items(content))[1])
    if kind == 7:
        return "IP Address", _ip(content)
    if kind == 8:
        return "Registered ID", _name(content)
    if kind == 0:
        return "othername", _other_name(content)
    return {3: "X400Name", 5: "EdiPartyName"}[kind], "<unsupported>"


def _other_name(content: bytes) -> str:
    (_, kind), (_, explicit) = _items(content)
    ((tag, value),) = _items(explicit)
    name, wanted = _OTHER_NAMES.get(_oid(kind), ("", None))
    return f"{name}:{value.decode()}" if tag == wanted else "<unsupported>"


def _ip(content: bytes) -> str:
    if len(content) == 4:
        return ".".join(map(str, content))
    if len(content) == 16:
        return ":".join(f"{content[i] << 8 | content[i + 1]:X}" for i in range(0, 16, 2))
    return "<invalid>"


def _authority_access(content: bytes) -> dict[str, Any]:
    kinds = {"1.3.6.1.5.5.7.48.1": "OCSP", "1.3.6.1.5.5.7.48.2": "caIssuers"}
    found: dict[str, Any] = {}
    for _, description in _items(content):
        (_, method), (tag, where) = _items(description)
        kind = kinds.get(_oid(method))
        if kind is not None and tag == 0x86:
            found[kind] = (*found.get(kind, ()), where.decode())
    return found


def _crl_points(content: bytes) -> dict[str, Any]:
    points: list[str] = []
    for _, point in _items(content):
        for tag, name in _items(point):
            for inner, names in _items(name) if tag == 0xA0 else ():
                if inner == 0xA0:  # fullName
                    points += [uri.decode() for kind, uri in _items(names) if kind == 0x86]
    return {"crlDistributionPoints": tuple(points)} if points else {}


_READERS = {
    "2.5.29.17": _alternative_names,
    "2.5.29.31": _crl_points,
    "1.3.6.1.5.5.7.1.1": _authority_access,
}
