"""A first program: says one line to a TLS server, and prints what it answers.

    first.py HOST PORT [CAFILE]
"""
import sys

import rfctls

host, port, *cafile = sys.argv[1:]
with rfctls.connect(host, port, authorities=cafile) as sock:
    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    print(sock.recv(4096).decode())
