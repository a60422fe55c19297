"""HTTPS over rfctls, by urllib3 (1.26 or 2).

    http = rfctls.urllib3.PoolManager(authorities="ca.pem")
    page = http.request("GET", "https://example.org/").data
"""

from __future__ import annotations

import urllib3
import urllib3.connection
import urllib3.exceptions

from .config import Config
from .errors import CertificateError, ConnectError, ResolveError, SystemCallError, UnsupportedError
from .http import http_config, over, seconds
from .socket import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from .config import Options

__all__ = ["PoolManager", "pool_classes"]


class HTTPSConnection(urllib3.connection.HTTPSConnection):
    """A connection whose TLS is rfctls, by the config of its class."""

    rfctls_config: Config

    def connect(self) -> None:
        """Connects by TCP, through the tunnel if there is one, and does the handshake."""
        proxy = getattr(self, "proxy", None)
        if proxy is not None and proxy.scheme == "https":
            raise UnsupportedError("a proxy that is spoken to by TLS")
        tunnel: str | None = getattr(self, "_tunnel_host", None)
        asked = self.source_address or self.socket_options != self.default_socket_options
        try:
            if tunnel or asked:
                self._wrap(tunnel)
            else:
                self._connect()
        except CertificateError as error:
            self.close()
            raise urllib3.exceptions.SSLError(error) from error
        except BaseException:
            self.close()
            raise
        self.is_verified = not self.rfctls_config.insecure_skip_verify

    def _wrap(self, tunnel: str | None) -> None:
        """TLS over what urllib3 connects, for what a program asks of that."""
        plain: Any = self._new_conn()
        self.sock: Any = plain
        if tunnel:
            self._tunnel()
            self._has_connected_to_proxy = True
        self.sock = over(plain, tunnel or self.host, self.rfctls_config, self.server_hostname)

    def _connect(self) -> None:
        """Connects as rfctls does, which no silent address holds up, with urllib3's exceptions."""
        try:
            self.sock = connect(
                self.host,
                self.port,
                config=self.rfctls_config,
                timeout=seconds(self.timeout),
                server_name=self.server_hostname,
                handshake=False,
            )
        except TimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(self, str(error)) from error
        except (ResolveError, ConnectError, SystemCallError) as error:
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error
        self.sock.handshake()


class PoolManager(urllib3.PoolManager):
    """An urllib3.PoolManager whose TLS is rfctls. Beside its own arguments it takes a config."""

    def __init__(
        self,
        num_pools: int = 10,
        headers: Any = None,
        *,
        config: Config | None = None,
        maxsize: int = 1,
        block: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(num_pools, headers, maxsize=maxsize, block=block)
        self.pool_classes_by_scheme = pool_classes(http_config(config, options))


def pool_classes(config: Config) -> dict[str, Any]:
    """What the pool_classes_by_scheme of a PoolManager or ProxyManager has to be for a config."""
    connection = type("HTTPSConnection", (HTTPSConnection,), {"rfctls_config": config})
    pool = type("Pool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": connection})
    return {"http": urllib3.HTTPConnectionPool, "https": pool}
