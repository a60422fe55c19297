"""A certificate as the dictionary that ssl.SSLSocket.getpeercert gives, read from its DER bytes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Attribute types by the names that OpenSSL has for them (RFC 4519, RFC 5280 appendix A).
_NAMES = {
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.20": "telephoneNumber",
    "2.5.4.41": "name",
    "2.5.4.42": "givenName",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "1.2.840.113549.1.9.1": "emailAddress",
    "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
}
_ALTERNATIVE_NAMES = "2.5.29.17"
_CRL_POINTS = "2.5.29.31"
_AUTHORITY_ACCESS = "1.3.6.1.5.5.7.1.1"
_ACCESS_KINDS = {"1.3.6.1.5.5.7.48.1": "OCSP", "1.3.6.1.5.5.7.48.2": "caIssuers"}
_ENCODINGS = {20: "latin-1", 28: "utf-32-be", 30: "utf-16-be"}  # the others: UTF-8 or ASCII
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def describe(der: bytes) -> dict[str, Any]:
    """The certificate's dictionary; the engine has parsed these bytes before."""
    ((_, certificate),) = _items(der)
    fields = list(_items(next(_items(certificate))[1]))
    version = 1
    if fields[0][0] == 0xA0:
        version += int.from_bytes(next(_items(fields.pop(0)[1]))[1], "big")
    serial, _, issuer, validity, subject = (content for _, content in fields[:5])
    begin, end = (_time(tag, content) for tag, content in _items(validity))
    described = {
        "subject": _distinguished_name(subject),
        "issuer": _distinguished_name(issuer),
        "version": version,
        "serialNumber": _serial(serial),
        "notBefore": begin,
        "notAfter": end,
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


def _serial(content: bytes) -> str:
    number = int.from_bytes(content, "big", signed=True)
    digits = f"{abs(number):X}"
    return "-" * (number < 0) + "0" * (len(digits) % 2) + digits


def _time(tag: int, content: bytes) -> str:
    text = content.decode()
    if tag == 0x17:  # UTCTime: two digits of the year (RFC 5280 section 4.1.2.5.1)
        text = ("19" if text >= "5" else "20") + text
    month, day = _MONTHS[int(text[4:6]) - 1], int(text[6:8])
    return f"{month} {day:2} {text[8:10]}:{text[10:12]}:{text[12:14]} {text[:4]} GMT"


def _distinguished_name(content: bytes) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(
        tuple(_attribute(attribute) for _, attribute in _items(relative))
        for _, relative in _items(content)
    )


def _attribute(content: bytes) -> tuple[str, str]:
    (_, kind), (tag, value) = _items(content)
    name = _oid(kind)
    return _NAMES.get(name, name), value.decode(_ENCODINGS.get(tag, "utf-8"), "replace")


def _extensions(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    ((_, extensions),) = _items(content)
    for _, extension in _items(extensions):
        parts = list(_items(extension))
        read = _READERS.get(_oid(parts[0][1]))
        if read is not None:
            found.update(read(next(_items(parts[-1][1]))[1]))
    return found


def _alternative_names(content: bytes) -> dict[str, Any]:
    return {"subjectAltName": tuple(_general_name(*item) for item in _items(content))}


def _general_name(tag: int, content: bytes) -> tuple[str, Any]:
    kind = tag & 0x1F
    if kind in (1, 2, 6):
        return {1: "email", 2: "DNS", 6: "URI"}[kind], content.decode("latin-1")
    if kind == 4:
        return "DirName", _distinguished_name(next(_items(content))[1])
    if kind == 7:
        return "IP Address", _ip(content)
    if kind == 8:
        return "Registered ID", _oid(content)
    return {0: "othername", 3: "X400Name", 5: "EdiPartyName"}[kind], "<unsupported>"


def _ip(content: bytes) -> str:
    if len(content) == 4:
        return ".".join(map(str, content))
    if len(content) == 16:
        return ":".join(f"{content[i] << 8 | content[i + 1]:X}" for i in range(0, 16, 2))
    return "<invalid>"


def _authority_access(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _, description in _items(content):
        (_, method), (tag, where) = _items(description)
        kind = _ACCESS_KINDS.get(_oid(method))
        if kind is not None and tag == 0x86:
            found[kind] = (*found.get(kind, ()), where.decode("latin-1"))
    return found


def _crl_points(content: bytes) -> dict[str, Any]:
    points: list[str] = []
    for _, point in _items(content):
        for tag, name in _items(point):
            for inner, names in _items(name) if tag == 0xA0 else ():
                if inner == 0xA0:  # fullName
                    points += [uri.decode("latin-1") for kind, uri in _items(names) if kind == 0x86]
    return {"crlDistributionPoints": tuple(points)} if points else {}


_READERS = {
    _ALTERNATIVE_NAMES: _alternative_names,
    _AUTHORITY_ACCESS: _authority_access,
    _CRL_POINTS: _crl_points,
}
