"""HTTPS over rfctls, by requests.

    session = requests.Session()
    session.mount("https://", rfctls.requests.Adapter(authorities="ca.pem"))
"""

from __future__ import annotations

from os.path import isdir

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
    and who we are.

    A file or folder that verify or the environment (REQUESTS_CA_BUNDLE) names is trusted beside the
    config's authorities, and instead of the system's store. verify=False and cert are refused.
    """

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
        self._trusting: dict[str, Adapter] = {}
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
        if cert is not None:
            raise ValueError("cert: the Adapter's identity says who we are")
        if isinstance(verify, str):
            return self._that_trusts(verify).send(request, stream, timeout, True, None, proxies)
        if verify is not True:
            raise ValueError(f"verify={verify!r}: the Adapter's config says whom to trust")
        return super().send(request, stream, timeout, verify, cert, proxies)

    def _that_trusts(self, path: str) -> Adapter:
        """An adapter for a bundle, or a folder, of authorities."""
        if path not in self._trusting:
            anchors: dict[str, Any] = {"authorities": [*self._config.authorities, path]}
            if isdir(path):
                anchors = {"trust_directory": path}
            config = self._config.replace(**anchors, system_trust=False)
            self._trusting[path] = Adapter(config=config, max_retries=self.max_retries)
        return self._trusting[path]

    def close(self) -> None:
        """Closes all its connections."""
        super().close()
        for adapter in self._trusting.values():
            adapter.close()
