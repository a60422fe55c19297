#!/bin/sh
# uvloop, a drop-in event loop for asyncio, refuses arguments that asyncio's create_connection() documents.
#
# Versions: uvloop 0.23.0 on CPython 3.11 (all_errors is tried from 3.12 on).
# Guess: happy_eyeballs_delay and interleave, in asyncio since 3.8, and all_errors, since 3.12, are taken, if only to be
#   passed over; above all where the value is the default one.
# Behaviour: each is a TypeError, happy_eyeballs_delay=None too. So a library that passes them on to whatever loop runs
#   needs a second way for uvloop, and hosts with a dead IPv6 address are tried one after the other.
# Seen:
#   happy_eyeballs_delay=0.25: asyncio connects, uvloop TypeError
#   happy_eyeballs_delay=None: asyncio connects, uvloop TypeError
#   interleave=1: asyncio connects, uvloop TypeError
# Source: Python's documentation, asyncio event loop, create_connection(); uvloop, uvloop/loop.pyx, Loop.create_connection(),
#   whose signature ends without them.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" uvloop==0.23.0
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
import asyncio
import sys

import uvloop

CASES = [{"happy_eyeballs_delay": 0.25}, {"happy_eyeballs_delay": None}, {"interleave": 1}]
if sys.version_info >= (3, 12):
    CASES.append({"all_errors": True})


async def attempts():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    answers = []
    for case in CASES:
        try:
            transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname(), **case)
            transport.close()
            answers.append("connects")
        except TypeError:
            answers.append("TypeError")
    server.close()
    return answers


seen = {}
for name, loop in (("asyncio", asyncio.new_event_loop()), ("uvloop", uvloop.new_event_loop())):
    seen[name] = loop.run_until_complete(asyncio.wait_for(attempts(), 20))
    loop.close()
for case, ours, theirs in zip(CASES, seen["asyncio"], seen["uvloop"]):
    [(argument, value)] = case.items()
    print(f"{argument}={value}: asyncio {ours}, uvloop {theirs}")
assert set(seen["asyncio"]) == {"connects"} and set(seen["uvloop"]) == {"TypeError"}, "this has changed"
PY
