"""HTTPS over rfctls, by requests.

    session = requests.Session()
    session.mount("https://", rfctls.requests.Adapter(authorities="ca.pem"))
"""

from __future__ import annotations

from requests.adapters import HTTPAdapter

from .config import Config
from .http import http_config
from .urllib3 import PoolManager, pool_classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from .config import Options

__all__ = ["Adapter"]


class Adapter(HTTPAdapter):
    """A transport adapter for a Session. The config, or its keyword arguments, says whom to trust
    and who we are: verify and cert of requests are refused, so that neither can be passed over."""

    def __init__(
        self,
        *,
        config: Config | None = None,
        pool_connections: int = 10,
        pool_maxsize: int = 10,
        max_retries: Any = 0,
        pool_block: bool = False,
        **options: Unpack[Options],
    ) -> None:
        self._config = http_config(config, options)
        super().__init__(pool_connections, pool_maxsize, max_retries, pool_block)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        """Makes the pools."""
        self.poolmanager = PoolManager(
            connections, config=self._config, maxsize=maxsize, block=block
        )

    def proxy_manager_for(self, proxy: Any, **proxy_kwargs: Any) -> Any:
        """Makes the pools for a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = pool_classes(self._config)
        return manager

    def send(
        self,
        request: Any,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Any:
        """Sends a request."""
        if verify is not True:
            raise ValueError(
                f"verify={verify!r}: the Adapter's authorities say whom to trust;"
                " set the session's trust_env to False if it comes from the environment"
            )
        if cert is not None:
            raise ValueError("cert: the Adapter's identity says who we are")
        return super().send(request, stream, timeout, verify, cert, proxies)
