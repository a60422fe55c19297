"""HTTPS over rfctls, by the clients of the standard library.

    import rfctls.http

    connection = rfctls.http.HTTPSConnection("example.org", verifier=my_verifier)

    opener = urllib.request.build_opener(rfctls.http.HTTPSHandler(authorities="ca.pem"))
    page = opener.open("https://example.org/").read()

For requests and urllib3 there are rfctls.requests and rfctls.urllib3.
"""

from __future__ import annotations

import http.client
import urllib.request
from socket import getdefaulttimeout

from . import native
from .config import Config
from .socket import _config_for, connect, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from .config import Options
    from .socket import TLSSocket

__all__ = ["HTTPSConnection", "HTTPSHandler"]


class HTTPSConnection(http.client.HTTPConnection):
    """An http.client.HTTPSConnection whose TLS is rfctls; set_tunnel works, too.

    Instead of a config its keyword arguments can be given. server_name is asked for and checked
    instead of the host.
    """

    default_port = http.client.HTTPS_PORT

    def __init__(
        self,
        host: str,
        port: int | None = None,
        *,
        config: Config | None = None,
        server_name: str | None = None,
        timeout: Any = ...,
        source_address: tuple[str, int] | None = None,
        blocksize: int = 8192,
        **options: Unpack[Options],
    ) -> None:
        waits = {} if timeout is ... else {"timeout": timeout}
        super().__init__(host, port, source_address=source_address, blocksize=blocksize, **waits)
        self._config = http_config(config, options)
        self._server_name = server_name

    def connect(self) -> None:
        """Connects by TCP, through the tunnel if there is one, and does the handshake."""
        tunnel: str | None = getattr(self, "_tunnel_host", None)
        try:
            if tunnel or getattr(self, "source_address", None):
                super().connect()
                self.sock: Any = over(self.sock, tunnel or self.host, self._config, self._server_name)
            else:
                self.sock = connect(
                    self.host,
                    self.port,
                    config=self._config,
                    timeout=seconds(self.timeout),
                    server_name=self._server_name,
                )
        except BaseException:
            self.close()
            raise


class HTTPSHandler(urllib.request.HTTPSHandler):
    """Opens https URLs for urllib.request.build_opener, instead of its own handler for them."""

    def __init__(self, *, config: Config | None = None, **options: Unpack[Options]) -> None:
        urllib.request.AbstractHTTPHandler.__init__(self)
        self._config = http_config(config, options)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Opens one."""
        make: Any = HTTPSConnection
        return self.do_open(make, req, config=self._config)


def over(plain: Any, host: str, config: Config, server_name: str | None) -> TLSSocket:
    """TLS over a connection that leads to host; which name counts is decided as after connect."""
    sock = wrap(plain, config=config, handshake=False, server_name=server_name)
    native.rfctls_socket_set_peer(sock._handle, host, None)
    sock._begin(True)
    return sock


def seconds(timeout: Any) -> float | None:
    """A timeout of http.client or urllib3: what is no number is the default of all sockets."""
    return timeout if isinstance(timeout, (int, float)) else getdefaulttimeout()


def http_config(config: Config | None, options: Options) -> Config:
    """A client's config, which says by ALPN that it speaks HTTP/1.1."""
    if config is None:
        options.setdefault("alpn", ["http/1.1"])
    return _config_for("client", config, options)
