"""Happy Eyeballs (RFC 8305) in asyncio, as C has it, by the loop's own resolver. uvloop's create_connection waits
for one address after the other.
"""

from __future__ import annotations

import asyncio
import socket as plain
from itertools import zip_longest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    Found: TypeAlias = tuple[Any, Any, int, str, Any]  # what getaddrinfo answers

_DELAY = 0.25  # seconds that an address which does not answer holds the next one up


async def addresses_of(host: str, service: str, family: int) -> list[Found]:
    """What the resolver finds; no thread of the loop's executor is used for numbers."""
    numeric = plain.AI_NUMERICHOST | plain.AI_NUMERICSERV
    kind = plain.SOCK_STREAM
    try:
        return plain.getaddrinfo(host, service, family, kind, flags=numeric)
    except plain.gaierror:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(host, service, family=family, type=kind)


async def connect_to_one(found: list[Found]) -> plain.socket:
    """A socket that is connected to the first address that accepts; the last failure, if none does."""
    loop = asyncio.get_running_loop()
    waiting = _taking_turns(found)
    following: Found | None = next(waiting)
    trying: set[asyncio.Task[plain.socket]] = set()
    try:
        while True:
            if following:
                trying.add(loop.create_task(_connect(loop, following)))
                following = next(waiting, None)
            delay = _DELAY if following else None
            await asyncio.wait(trying, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in trying if task.done()]:
                trying.remove(task)
                if not task.exception() or not (trying or following):
                    return task.result()
    finally:
        for task in trying:
            if not task.cancel() and not task.exception():
                task.result().close()


async def _connect(loop: asyncio.AbstractEventLoop, found: Found) -> plain.socket:
    sock = plain.socket(*found[:3])
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, found[4])
    except BaseException:
        sock.close()
        raise
    return sock


def _taking_turns(found: list[Found]) -> Iterator[Found]:
    """The families take turns, beginning with the resolver's first choice."""
    same = [each for each in found if each[0] == found[0][0]]
    other = [each for each in found if each[0] != found[0][0]]
    return (each for pair in zip_longest(same, other) for each in pair if each)
