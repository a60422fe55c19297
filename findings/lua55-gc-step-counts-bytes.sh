#!/bin/sh
# collectgarbage("step", n): n was kilobytes, and is bytes in Lua 5.5.
#
# Versions: lupa 2.8 (its wheel carries Lua 5.3, 5.4 and 5.5).
# Guess: the same call does about the same work in 5.5; a program that steps 100 at a time goes on unchanged.
# Behaviour: up to 5.4 the argument counts kilobytes, in 5.5 it counts bytes, and what is below the step size
#   does little or nothing: a cycle over the same heap takes hundreds of times as many calls.
# Seen (calls of step 100 until one returns true, and of step 102400 in 5.5):
#   Lua 5.3, step 100: 164
#   Lua 5.4, step 100: 1
#   Lua 5.5, step 100: 32302
#   Lua 5.5, step 102400: 336
# Source: Lua manuals of 5.3 and 5.4, collectgarbage, "step": the size is «in Kbytes»; Lua 5.5 manual,
#   collectgarbage: «as if n new bytes have been allocated»; the 5.5 manual's section 8 of incompatibilities does not list it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" lupa==2.8
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
from importlib import import_module

CHUNK = """
local size, heap = ..., {}
collectgarbage() collectgarbage("stop")
for i = 1, 200000 do heap[i] = {} end
local calls = 0
repeat calls = calls + 1 until collectgarbage("step", size) or calls == 1000000
return calls
"""
seen = {}
for version, size in ((53, 100), (54, 100), (55, 100), (55, 102400)):
    lua = import_module(f"lupa.lua{version}").LuaRuntime()
    seen[version, size] = lua.execute(CHUNK, size)
    print(f"{lua.eval('_VERSION')}, step {size}: {seen[version, size]}")
assert seen[53, 100] < 1000 and seen[54, 100] < 1000, "this has changed"
assert seen[55, 100] > 10000 and seen[55, 102400] < 1000, "this has changed"
PY
