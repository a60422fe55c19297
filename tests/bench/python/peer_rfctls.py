"""The client on librfctls."""

import rfctls


def context(authority):
    if authority is None:
        return rfctls.Config(min_version="TLSv1.3")
    return rfctls.Config(min_version="TLSv1.3", authorities=authority, system_trust=False)


def connect(config, host, port):
    return rfctls.connect(host, port, config=config, server_name="server.test")
