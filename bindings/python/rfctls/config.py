"""What a socket should be: an immutable object with keyword arguments."""

from __future__ import annotations

from math import ceil

from . import native
from ._hints import HABITS
from .certificates import Identity, load_certificates, loader, sources
from .errors import named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from os import PathLike
    from typing import Any, ClassVar, Literal, Never, TypedDict

    from .certificates import Certificates, Finding, Source
    from .socket import TLSSocket

    Role = Literal["client", "server"]
    Version = Literal["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    Demand = Literal["ignored", "optional", "required"]
    Verifier = Callable[[int, bool, Finding], bool | Awaitable[bool]]
    IdentitySource = Callable[[TLSSocket], Identity | None | Awaitable[Identity | None]]

    class Options(TypedDict, total=False):
        """What rfctls.connect, listen and wrap take instead of a Config."""

        identity: Identity | IdentitySource | None
        authorities: Certificates
        trust_directory: str | PathLike[str] | None
        crls: Source | Iterable[Source]
        system_trust: bool | None
        partial_chain: bool
        min_version: Version | None
        max_version: Version | None
        ciphers: str | None
        cipher_suites: str | None
        groups: str | None
        alpn: Iterable[str]
        hello_extensions: Iterable[tuple[int, bytes]]
        verifier: Verifier | None
        peer_certificate: Demand | None
        ip_version: Literal[4, 6] | None
        connect_timeout: float | None
        handshake_timeout: float | None
        close_timeout: float | None
        session_cache: bool
        allow_truncation: bool
        insecure_skip_verify: bool
        insecure_skip_name_check: bool
        insecure_key_log: str | PathLike[str] | None


_ROLES = {"client": native.RFCTLS_CLIENT, "server": native.RFCTLS_SERVER}
VERSIONS = {
    native.rfctls_tls_version_name(number): number
    for number in (native.RFCTLS_TLS_ANY, native.RFCTLS_TLS_1_0, native.RFCTLS_TLS_1_1,
                   native.RFCTLS_TLS_1_2, native.RFCTLS_TLS_1_3)
}
_DEMANDS = {
    "ignored": native.RFCTLS_PEER_CERT_IGNORED,
    "optional": native.RFCTLS_PEER_CERT_OPTIONAL,
    "required": native.RFCTLS_PEER_CERT_REQUIRED,
}
_SETTERS: dict[str, Callable[[native.Handle, Any], None]] = {  # of what C takes as it is given
    "ciphers": native.rfctls_config_set_ciphers,
    "cipher_suites": native.rfctls_config_set_cipher_suites,
    "groups": native.rfctls_config_set_groups,
    "server_name": native.rfctls_config_set_server_name,
    "ip_version": native.rfctls_config_set_family,
    "session_cache": native.rfctls_config_set_session_cache,
    "allow_truncation": native.rfctls_config_set_allow_truncation,
    "trust_directory": native.rfctls_config_add_trust_dir,
    "system_trust": native.rfctls_config_set_system_trust,
    "partial_chain": native.rfctls_config_set_partial_chain,
    "insecure_key_log": native.rfctls_config_insecure_log_keys,
}
_ON_BY_DEFAULT = ("session_cache", "partial_chain")
_TIMERS = {
    "connect_timeout": native.RFCTLS_TIMER_CONNECT,
    "handshake_timeout": native.RFCTLS_TIMER_HANDSHAKE,
    "close_timeout": native.RFCTLS_TIMER_CLOSE,
}


class Config:
    """What a socket should be; serves any number of sockets, from any thread.

    Without arguments: a client that checks the chain, the system's trust store and the host name,
    and speaks TLS 1.2 or newer.

    role                "client" or "server"
    identity            our Identity; or a callable, given the TLSSocket when the peer asks for our
                        certificate (on a server: at every handshake, when socket.server_name is
                        known), that returns an Identity or None
    authorities         trust anchors: certificates, bytes or files of them. Client: beside the
                        system's. Server: the only ones for client certificates
    trust_directory     a folder of more trust anchors, under the names that "openssl rehash" makes;
                        each is read when a chain asks for it
    crls                certificate revocation lists (RFC 5280): bytes or files of them. Once there is
                        one, the peer's certificate needs a current one of its issuer
    system_trust        whether the system's trust store counts: clients True, servers False
    partial_chain       whether a chain may end at any trusted certificate, an intermediate's or a
                        leaf's, too; False: only at a self-issued one, as roots are
    min_version         the oldest version to speak, "TLSv1.2" by default
    max_version         the newest version to speak
    ciphers             ciphers up to TLS 1.2, cipher suites of TLS 1.3, and groups for the key
    cipher_suites       exchange, in the engine's own words, the preferred first:
    groups              "ECDHE+AESGCM", "TLS_AES_256_GCM_SHA384", "X25519:P-256". Static RSA and
                        DHE are only for ciphers that name them ("DEFAULT:kRSA"); what is known
                        to be weak stays out
    alpn                application protocols, the preferred first: ["h2", "http/1.1"]
    hello_extensions    client: what to add to the hello, as (type, bytes) pairs, for the extensions
                        that the engine does not send itself
    verifier            a callable(depth, trusted, certificate) that returns True or False, called
                        from the root to the leaf at depth 0, up to the first False. It decides
                        alone: True for all accepts what the library would refuse. certificate is a
                        Finding, whose reason and text say what the library did not like. In asyncio
                        it may be a coroutine function, as may an identity callable
    peer_certificate    server: "ignored", "optional" or "required"
    server_name         client: the name to ask for and to check, instead of the host connected to
    ip_version          4 or 6: use only such addresses of a name
    timeout             seconds for each later accept, recv or send; None waits for ever
    connect_timeout     seconds for TCP to connect, all addresses together
    handshake_timeout   seconds for the handshake
    close_timeout       seconds that close waits for the peer to have got all
    session_cache       client: whether its sockets, and those of equal Configs, resume each other's
                        sessions by themselves; server: whether its clients may, by tickets or, in
                        TLS 1.2, by session ids
    allow_truncation    a TCP end without close_notify counts as the end of data; for peers that
                        are known to be rude, under protocols that carry their own lengths
    insecure_skip_verify        DANGER: accepts any certificate of the peer. A server that requires
                                one still refuses a client without
    insecure_skip_name_check    DANGER: accepts a trusted certificate that was issued to anybody
    insecure_key_log            DANGER: a file to append the secrets of each connection to, with
                                which whoever recorded it can read it (as SSLKEYLOGFILE)
    """

    def __init__(
        self,
        role: Role = "client",
        *,
        identity: Identity | IdentitySource | None = None,
        authorities: Certificates = (),
        trust_directory: str | PathLike[str] | None = None,
        crls: Source | Iterable[Source] = (),
        system_trust: bool | None = None,
        partial_chain: bool = True,
        min_version: Version | None = None,
        max_version: Version | None = None,
        ciphers: str | None = None,
        cipher_suites: str | None = None,
        groups: str | None = None,
        alpn: Iterable[str] = (),
        hello_extensions: Iterable[tuple[int, bytes]] = (),
        verifier: Verifier | None = None,
        peer_certificate: Demand | None = None,
        server_name: str | None = None,
        ip_version: Literal[4, 6] | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = 30.0,
        handshake_timeout: float | None = 30.0,
        close_timeout: float | None = 2.0,
        session_cache: bool = True,
        allow_truncation: bool = False,
        insecure_skip_verify: bool = False,
        insecure_skip_name_check: bool = False,
        insecure_key_log: str | PathLike[str] | None = None,
        **unknown: Never,
    ) -> None:
        for name in unknown:
            hint = f": {HABITS[name]}" if name in HABITS else ""
            raise TypeError(f"{name!r} is not an option of rfctls{hint}")
        if isinstance(alpn, (str, bytes)):
            raise TypeError("alpn must be several names, not one str")
        if verifier is not None and not callable(verifier):
            raise TypeError(f"verifier must be callable, not {type(verifier).__name__}")
        if not (identity is None or isinstance(identity, Identity) or callable(identity)):
            raise TypeError(f"identity must be an Identity or callable, not {identity!r}")
        self.role = role
        self.identity = identity
        self.authorities = tuple(named("authorities", load_certificates, authorities))
        self.trust_directory = trust_directory
        self.crls = tuple(named("crls", sources, crls))
        self.system_trust = system_trust
        self.partial_chain = partial_chain
        self.min_version = min_version
        self.max_version = max_version
        self.ciphers = ciphers
        self.cipher_suites = cipher_suites
        self.groups = groups
        self.alpn: tuple[str, ...] = named("alpn", tuple, alpn)
        self.hello_extensions = named("hello_extensions", pairs, hello_extensions)
        self.verifier = verifier
        self.peer_certificate = peer_certificate
        self.server_name = server_name
        self.ip_version = ip_version
        self.timeout = seconds("timeout", timeout)
        self.connect_timeout = seconds("connect_timeout", connect_timeout)
        self.handshake_timeout = seconds("handshake_timeout", handshake_timeout)
        self.close_timeout = seconds("close_timeout", close_timeout)
        self.session_cache = session_cache
        self.allow_truncation = allow_truncation
        self.insecure_skip_verify = truth("insecure_skip_verify", insecure_skip_verify)
        self.insecure_skip_name_check = truth("insecure_skip_name_check", insecure_skip_name_check)
        self.insecure_key_log = insecure_key_log
        self._handle = native.rfctls_config_new(_pick("role", _ROLES, role))
        self._set_behaviour()
        self._set_trust()

    _defaults: ClassVar[dict[str, Any]] = __init__.__kwdefaults__ or {}
    __slots__ = ("role", *_defaults, "_handle")

    def _set_behaviour(self) -> None:
        handle = self._handle
        native.rfctls_config_set_blocking(handle, False)  # the facade waits; see TLSSocket._drive
        native.rfctls_config_set_versions(
            handle,
            _pick("min_version", VERSIONS, self.min_version),
            _pick("max_version", VERSIONS, self.max_version),
        )
        for name, setter in _SETTERS.items():
            if getattr(self, name) is not self._defaults[name]:
                named(name, setter, handle, getattr(self, name))
        for name in self.alpn:
            native.rfctls_config_add_protocol(handle, name)
        for kind, data in self.hello_extensions:
            named("hello_extensions", native.rfctls_config_add_hello_extension, handle, kind, data)
        for name, timer in _TIMERS.items():
            native.rfctls_config_set_timeout(handle, timer, milliseconds(getattr(self, name)))

    def _set_trust(self) -> None:
        handle = self._handle
        if isinstance(self.identity, Identity):
            native.rfctls_config_set_identity(handle, self.identity._chain, self.identity._key)
        for certificate in self.authorities:
            native.rfctls_config_add_authority(handle, certificate._handle)
        for source in self.crls:
            add = loader(source, native.rfctls_config_add_crls, native.rfctls_config_add_crl_file)
            named("crls", add, handle, source)
        if self.peer_certificate is not None:
            demand = _pick("peer_certificate", _DEMANDS, self.peer_certificate)
            native.rfctls_config_set_peer_cert(handle, demand)
        if self.insecure_skip_verify:
            native.rfctls_config_insecure_skip_verify(handle)
        if self.insecure_skip_name_check:
            native.rfctls_config_insecure_skip_name_check(handle)
        native.rfctls_config_set_asking(handle, self.verifier is not None, callable(self.identity))

    def replace(self, **changes: Any) -> Config:
        """A new Config that differs in the given arguments."""
        options = {name: getattr(self, name) for name in self.__slots__ if name != "_handle"}
        return Config(**{**options, **changes})

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, "_handle"):
            raise AttributeError("a Config is immutable: use config.replace")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a Config is immutable: use config.replace")

    def __repr__(self) -> str:
        given = [(name, getattr(self, name)) for name in self.__slots__[1:-1]]
        told = "".join(f", {name}={it!r}" for name, it in given
                       if it not in (None, (), name in _ON_BY_DEFAULT))
        return f"rfctls.Config({self.role!r}{told})"


def truth(name: str, value: object) -> bool:
    """A switch, as C takes those that are more than a setter's argument."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def seconds(name: str, value: float | None) -> float | None:
    """A time that a program gave: None, or a number that is not negative."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds or None, not {type(value).__name__}")
    if not 0 <= value <= 1e9:
        raise ValueError(f"{name} is out of range: {value!r}")
    return float(value)


def milliseconds(value: float | None) -> int:
    """The same for C: -1 is none; rounded up, so that no timer is early."""
    return -1 if value is None else ceil(value * 1000)


def pairs(given: Iterable[tuple[int, bytes]]) -> tuple[tuple[int, bytes], ...]:
    return tuple((kind, data) for kind, data in given)


def _pick(name: str, table: dict[Any, int], value: object) -> int:
    try:
        return table[value]
    except (KeyError, TypeError):
        choice = ", ".join(repr(each) for each in table)
        raise ValueError(f"{name} must be one of {choice}, not {value!r}") from None
