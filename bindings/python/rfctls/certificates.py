"""Certificates, private keys, and identities, which are the two together. All are immutable."""

from __future__ import annotations

from . import native
from .errors import ParseError, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from os import PathLike
    from typing import Any, Self, TypeAlias, TypeVar

    from typing_extensions import TypeIs

    Bytes: TypeAlias = bytes | bytearray | memoryview  # the contents, of any form
    Path: TypeAlias = str | PathLike[str]  # a file with them
    Source: TypeAlias = Bytes | Path
    Certificates: TypeAlias = "Source | Certificate | Iterable[Source | Certificate]"
    Passphrase: TypeAlias = str | bytes | None
    Made = TypeVar("Made")


def is_bytes(source: object) -> TypeIs[Bytes]:
    return isinstance(source, (bytes, bytearray, memoryview))


def _is_source(source: object) -> TypeIs[Source]:
    return is_bytes(source) or isinstance(source, str) or hasattr(source, "__fspath__")


def loader(
    source: Source, of_bytes: Callable[..., Made], of_file: Callable[..., Made]
) -> Callable[..., Made]:
    """What reads a source: the function of C for bytes, or that for files."""
    return of_bytes if is_bytes(source) else of_file


class Holder:
    """What holds a handle of C, and is not made by its class."""

    __slots__ = ("_handle",)
    _handle: native.Handle
    _makers: str

    def __new__(cls) -> Self:
        raise TypeError(f"use {cls._makers}")

    @classmethod
    def _from_handle(cls, handle: native.Handle) -> Self:
        made = object.__new__(cls)
        made._handle = handle
        return made


class Certificate(Holder):
    """One X.509 certificate. Two are equal if their DER bytes are."""

    __slots__ = ()
    _makers = "Certificate.load"

    @classmethod
    def load(cls, source: Source, passphrase: Passphrase = None) -> Certificate:
        """Reads one certificate, the first there is, from bytes or a file, as load_chain does."""
        return cls.load_chain(source, passphrase)[0]

    @classmethod
    def load_chain(cls, source: Source, passphrase: Passphrase = None) -> tuple[Certificate, ...]:
        """Reads every certificate, in the order in which they are there.

        From PEM, DER, PKCS#7 (.p7b) or PKCS#12 (a truststore), for which the passphrase is.
        """
        load = loader(source, native.rfctls_chain_load, native.rfctls_chain_from_file)
        return tuple(chain_list(load(source, passphrase)))

    @property
    def der(self) -> bytes:
        """The DER bytes."""
        return native.rfctls_cert_der(self._handle)

    @property
    def subject(self) -> str:
        """The subject's distinguished name (RFC 4514)."""
        return native.rfctls_cert_subject(self._handle)

    @property
    def issuer(self) -> str:
        """The issuer's distinguished name (RFC 4514)."""
        return native.rfctls_cert_issuer(self._handle)

    @property
    def not_before(self) -> datetime:
        """When its validity begins, in UTC."""
        return _date(native.rfctls_cert_not_before(self._handle))

    @property
    def not_after(self) -> datetime:
        """When its validity ends, in UTC."""
        return _date(native.rfctls_cert_not_after(self._handle))

    @property
    def serial(self) -> str:
        """The serial number in lower-case hexadecimal, two digits a byte."""
        return native.rfctls_cert_serial(self._handle)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the DER bytes as 64 lower-case hexadecimal digits: what a pin compares."""
        return native.rfctls_cert_fingerprint(self._handle)

    @property
    def names(self) -> tuple[str, ...]:
        """The host names and IP addresses that it is for; for people, matches is what compares."""
        count = native.rfctls_cert_name_count(self._handle)
        return tuple(native.rfctls_cert_name(self._handle, index) for index in range(count))

    def matches(self, name: str) -> bool:
        """Whether it is for a host name or IP address, as the handshake checks it.

        That says nothing about trust.
        """
        return native.rfctls_cert_matches_name(self._handle, name)

    def as_dict(self) -> dict[str, Any]:
        """What ssl.SSLSocket.getpeercert gives: "subject", "issuer", "subjectAltName", ..."""
        from .x509 import describe

        try:
            return describe(self)
        except (IndexError, KeyError, OverflowError, StopIteration, ValueError) as error:
            raise ParseError("the certificate cannot be taken apart") from error

    def __eq__(self, other: object) -> bool:
        return self.der == other.der if isinstance(other, Certificate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"<rfctls.{type(self).__name__} of {self.subject!r}>"


class Finding(Certificate):
    """A certificate of the peer's chain as the library judged it; a verifier is given these."""

    __slots__ = ("depth", "trusted", "reason", "text")
    depth: int  #: 0 is the leaf
    trusted: bool  #: whether the library would accept it
    reason: str | None  #: why not: "EXPIRED", "NAME", "ISSUER", ...
    text: str  #: why not, in words


class PrivateKey(Holder):
    """One private key: RSA, ECDSA or Ed25519. Its bytes are wiped from memory with it."""

    __slots__ = ()
    _makers = "PrivateKey.load"

    @classmethod
    def load(cls, source: Source, passphrase: Passphrase = None) -> PrivateKey:
        """Reads a key from bytes or a file of any form; never asks for a passphrase itself."""
        load = loader(source, native.rfctls_key_load, native.rfctls_key_from_file)
        return cls._from_handle(load(source, passphrase))

    def __repr__(self) -> str:
        return "<rfctls.PrivateKey>"


class Identity:
    """Who we are to the peer: a certificate chain, leaf first, and the leaf's private key."""

    __slots__ = ("_chain", "_key")
    _chain: native.Handle
    _key: native.Handle

    def __init__(
        self,
        chain: Certificates,
        key: PrivateKey | Source,
        passphrase: Passphrase = None,
    ) -> None:
        """Joins a chain and a key that come separately. IdentityError: they do not fit."""
        if not isinstance(key, PrivateKey):
            key = named("key", PrivateKey.load, key, passphrase)
        self._chain = native.rfctls_chain_new()
        for certificate in named("chain", load_certificates, chain):
            native.rfctls_chain_add(self._chain, certificate._handle)
        self._key = key._handle
        trial = native.rfctls_config_new(native.RFCTLS_SERVER)
        native.rfctls_config_set_identity(trial, self._chain, self._key)

    @classmethod
    def _from_handles(cls, handles: tuple[native.Handle, native.Handle]) -> Identity:
        made = object.__new__(cls)
        made._chain, made._key = handles
        return made

    @classmethod
    def load(
        cls, source: Source, passphrase: Passphrase = None, *, alias: str | None = None
    ) -> Identity:
        """Reads both from PEM text or PKCS#12, which is bytes or a file.

        alias chooses one of several keys of a PKCS#12 by its friendlyName.
        """
        load = loader(source, native.rfctls_identity_load, native.rfctls_identity_from_file)
        return cls._from_handles(load(source, passphrase, alias))

    @classmethod
    def self_signed(cls, name: str) -> Identity:
        """Makes a throw-away identity for a host name or an IP address, valid for 30 days.

        For first steps and tests: nobody trusts it unless told to.
        """
        return cls._from_handles(native.rfctls_identity_self_signed(name))

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The certificates, leaf first."""
        return tuple(chain_list(self._chain))

    @property
    def certificate(self) -> Certificate:
        """The leaf."""
        return self.chain[0]

    def __repr__(self) -> str:
        return f"<rfctls.Identity of {self.certificate.subject!r}>"


def load_certificates(source: Certificates) -> list[Certificate]:
    """Every certificate of a source, or of several, in their order."""
    found: list[Certificate] = []
    for each in _several(source, "a certificate, its bytes or a file of it", Certificate):
        found += [each] if isinstance(each, Certificate) else Certificate.load_chain(each)
    return found


def sources(source: Source | Iterable[Source]) -> list[Source]:
    """One source, or several."""
    return _several(source, "bytes or a file")


def _several(source: Any, what: str, *kinds: type) -> list[Any]:
    """One source or several, each bytes, a file, or of the other kinds."""

    def is_one(each: object) -> bool:
        return _is_source(each) or isinstance(each, kinds)

    found = [source] if is_one(source) else list(source)
    for each in found:
        if not is_one(each):
            raise TypeError(f"not {what}: {each!r}")
    return found


def chain_list(chain: native.Handle) -> list[Certificate]:
    count = native.rfctls_chain_count(chain)
    return [Certificate._from_handle(native.rfctls_chain_at(chain, i)) for i in range(count)]


def _date(seconds: int) -> datetime:
    from datetime import UTC, datetime, timedelta

    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
