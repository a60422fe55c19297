"""The client on Python's own ssl, as its documentation has it."""

import socket
import ssl


def context(authority):
    made = ssl.create_default_context(cafile=authority)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def connect(context, host, port):
    below = socket.create_connection((host, port))
    below.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(below, server_hostname="server.test")
