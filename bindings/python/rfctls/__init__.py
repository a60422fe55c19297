"""TLS sockets that check whom they talk to.

    import rfctls

    with rfctls.connect("example.org", 443) as sock:
        sock.sendall(b"GET / HTTP/1.0\\r\\nHost: example.org\\r\\n\\r\\n")
        while data := sock.recv(65536):
            print(data)

connect, listen and wrap make a TLSSocket, whose methods are those of socket.socket and
ssl.SSLSocket. A Config says what sockets should be; each of its keyword arguments can also be
given to connect, listen and wrap. Certificate, PrivateKey and Identity hold what proves who is who,
and are read from bytes or files. A Session can be saved and resumed. Poll waits for many sockets at
once; a MemoryTransport is for bytes that the program carries itself.

In asyncio, open_connection and start_server give streams, create_connection and create_server take
protocols, start_tls and upgrade_connection begin TLS on what is there:

    reader, writer = await rfctls.open_connection("example.org", 443)

rfctls.http, rfctls.urllib3 and rfctls.requests are for the HTTP clients that people have. rfctls.rfc
has the operations of (rfc tls) under their own names.

Every failure is an rfctls.Error, which is an OSError; its subclass says what happened, and str() of
it names the culprit. The polite end of a connection is b"" from recv; one that was cut is a
TruncatedError.
"""

from __future__ import annotations

import os
import sys

if "t" in getattr(sys, "abiflags", "") and os.path.exists(f"{__path__[0]}/native.abi3.so"):
    raise ImportError("this rfctls was built for Pythons with a GIL (abi3), not for a free-threaded one; "
                      "build it for this one: pip install --force-reinstall --no-binary=rfctls rfctls")

from . import errors, native
from .certificates import Certificate, Finding, Identity, PrivateKey
from .config import Config
from .errors import *
from .memory import MemoryTransport
from .poll import ERROR, READ, WRITE, Poll
from .session import Session
from .socket import TLSSocket, connect, listen, wrap

__all__ = [
    "Certificate",
    "Config",
    "ERROR",
    "Finding",
    "Identity",
    "MemoryTransport",
    "Poll",
    "PrivateKey",
    "READ",
    "Session",
    "TLSSocket",
    "WRITE",
    "connect",
    "create_connection",
    "create_server",
    "engine",
    "listen",
    "open_connection",
    "start_server",
    "start_tls",
    "upgrade_connection",
    "wrap",
]
__all__ += errors.__all__

__version__: str = native.rfctls_version()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import aio as aio, http as http, requests as requests, rfc as rfc, urllib3 as urllib3
    from .aio import (
        create_connection,
        create_server,
        open_connection,
        start_server,
        start_tls,
        upgrade_connection,
    )

_MODULES = {"aio", "http", "requests", "rfc", "urllib3"}


def __getattr__(name: str) -> object:
    """What is slow to import is imported by the first who asks for it: asyncio, the HTTP clients."""
    if name not in __all__ and name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f"{__name__}.{name if name in _MODULES else 'aio'}")
    except ImportError as error:
        raise AttributeError(f"{__name__}.{name} cannot be imported: {error}") from error
    found: object = module if name in _MODULES else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})


def engine() -> str:
    """The TLS library below, as it calls itself."""
    return native.rfctls_engine_version()
