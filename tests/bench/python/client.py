"""The works of ../c/client.c in Python: client.py PEER WORK HOST PORT AUTHORITY NUMBER [SIZE]

PEER is a module beside this one, peer_PEER: context(AUTHORITY), and connect(context, host, port), which
returns a socket. Three works are not those of C:

    recv      as down, but by recv(SIZE), which makes a new object for what came
    first     one connection that trusts the system; nothing is printed, the whole process is measured
    import    nothing at all, but that the module is imported

Prints nanoseconds of processor time.
"""

import sys

SERVER_NAME = "server.test"


def ask(sock, what, number):
    sock.sendall(what + number.to_bytes(8, "big"))


def receive_all(sock, view, left):
    while left > 0:
        left -= sock.recv_into(view[:left])


def upload(sock, view, number):
    ask(sock, b"u", number)
    left = number
    while left > 0:
        part = view[:left]
        sock.sendall(part)
        left -= len(part)
    receive_all(sock, view[:1], 1)


def download(sock, view, number):
    ask(sock, b"d", number)
    receive_all(sock, view, number)


def download_objects(sock, view, number):
    size = len(view)
    ask(sock, b"d", number)
    while number > 0:
        number -= len(sock.recv(min(size, number)))


def echo(sock, view, times):
    size = len(view)
    ask(sock, b"e", times * size)
    for _ in range(times):
        sock.sendall(view)
        left = size
        while left > 0:
            left -= len(sock.recv(left))


def visit(peer, context, host, port):
    sock = peer.connect(context, host, port)
    ask(sock, b"d", 1)
    sock.recv(1)
    sock.close()


def do_visits(peer, target, number, new_context):
    host, port, authority = target
    context = peer.context(authority)
    visit(peer, context, host, port)

    def visits():
        for _ in range(number):
            visit(peer, peer.context(authority) if new_context else context, host, port)

    measure(visits)


def do_transfer(peer, target, number, size, move, first):
    host, port, authority = target
    sock = peer.connect(peer.context(authority), host, port)
    view = memoryview(bytearray(size))
    move(sock, view, first)
    measure(lambda: move(sock, view, number))
    sock.close()


def measure(work):
    from time import process_time_ns

    begin = process_time_ns()
    work()
    print(process_time_ns() - begin)


TRANSFERS = {"up": upload, "down": download, "recv": download_objects, "echo": echo}


def main(name, work, host, port, authority, number, size="1"):
    peer = __import__("peer_" + name) if name != "none" else None
    target = host, int(port), None if authority == "system" else authority
    if work == "import":
        return
    if work == "first":
        visit(peer, peer.context(None), host, int(port))
    elif work in TRANSFERS:
        first = 1 if work == "echo" else 65536
        do_transfer(peer, target, int(number), int(size), TRANSFERS[work], first)
    else:
        do_visits(peer, target, int(number), new_context=work == "scratch")


main(*sys.argv[1:])
