"""Waiting for many sockets at once, TLS and plain mixed."""

from __future__ import annotations

from _thread import LockType, allocate_lock
from math import inf
from time import monotonic

from . import native
from .config import milliseconds, seconds
from .errors import StateError
from .socket import TLSSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket as plain

    Pollable = TLSSocket | plain.socket

READ: int = native.RFCTLS_EVENT_READ
WRITE: int = native.RFCTLS_EVENT_WRITE
ERROR: int = native.RFCTLS_EVENT_ERROR


class Poll:
    """Tells which of many sockets can go on.

    It knows what a selector does not: decrypted bytes that wait inside a TLS socket, and handshake
    timers that ran out. Events are READ, WRITE, or both; ERROR is always told. One thread at a
    time.
    """

    __slots__ = ("_events", "_set", "_members", "_waiting")
    _events: dict[Pollable, int]
    _set: native.Handle | None  # None: to be made anew
    _members: list[Pollable]
    _waiting: LockType  # held by the one who waits

    def __init__(self) -> None:
        self._events = {}
        self._set = None
        self._members = []
        self._waiting = allocate_lock()

    def register(self, sock: Pollable, events: int = READ) -> None:
        """Waits for these events of a socket from now on, instead of those before."""
        if isinstance(events, bool) or not isinstance(events, int):
            raise TypeError(f"events must be an int, not {type(events).__name__}")
        if not 0 <= events <= READ | WRITE | ERROR:
            raise ValueError(f"events is out of range: {events!r}")
        if not isinstance(sock, TLSSocket) and not hasattr(sock, "fileno"):
            raise TypeError(f"sock must be a socket, not {type(sock).__name__}")
        self._events[sock] = events
        self._set = None

    def unregister(self, sock: Pollable) -> None:
        """Waits for it no more."""
        try:
            del self._events[sock]
        except (KeyError, TypeError):
            raise ValueError(f"not registered: {sock!r}") from None
        self._set = None

    def wait(self, timeout: float | None = None) -> list[tuple[Pollable, int]]:
        """Waits until one is ready, and returns those that are, with their events; [] in time."""
        limit = seconds("timeout", timeout)
        deadline = inf if limit is None else monotonic() + limit
        if not self._waiting.acquire(blocking=False):
            raise StateError("another thread waits in this Poll")
        try:
            return self._wait(deadline)
        finally:
            self._waiting.release()

    def _wait(self, deadline: float) -> list[tuple[Pollable, int]]:
        pollset = self._set or self._make()
        while True:
            left = None if deadline == inf else max(deadline - monotonic(), 0)
            if native.rfctls_pollset_wait(pollset, milliseconds(left)):
                break
            if left == 0:  # else a signal: its Python handler runs now
                return []
        found = ((sock, native.rfctls_pollset_events(pollset, place))
                 for place, sock in enumerate(self._members))
        return [(sock, events) for sock, events in found if events]

    def _make(self) -> native.Handle:
        pollset = native.rfctls_pollset_new()
        members = list(self._events)
        for sock in members:
            if isinstance(sock, TLSSocket):
                native.rfctls_pollset_add_socket(pollset, sock._handle, self._events[sock])
            else:
                raw = native.rfctls_raw_adopt(sock.fileno(), False)
                native.rfctls_pollset_add_raw(pollset, raw, self._events[sock])
        self._set, self._members = pollset, members
        return pollset
