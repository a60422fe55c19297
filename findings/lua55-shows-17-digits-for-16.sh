#!/bin/sh
# Lua 5.5 writes floats so that they read back, but never with 16 digits: 0.8849502471859617 is shown as 0.88495024718596171.
#
# Versions: lupa 2.8 (its wheel carries Lua 5.4 and 5.5).
# Guess: tostring() of 5.5 gives the shortest decimal that reads back, as Python and JavaScript do; so a literal of
#   up to 16 digits that is exact comes back as it was typed.
# Behaviour: it tries 15 digits and, if those do not read back, goes to 17 at once. Most decimals of 16 digits that
#   Python shows as typed come out longer and other than typed; string.format("%.16g") gives them.
# Seen:
#   typed 0.8849502471859617: Lua 5.4 0.88495024718596, Lua 5.5 0.88495024718596171, Python 0.8849502471859617
#   of 1000 decimals of 16 digits that Python shows as typed, Lua 5.5 shows otherwise: 822
# Source: Lua 5.5, lobject.c, tostringbuffFloat(), and luaconf.h, LUA_NUMBER_FMT (%.15g) and LUA_NUMBER_FMT_N (%.17g);
#   the manual calls the format non-specified, and its section 8 does not list the change from %.14g.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" lupa==2.8
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
from random import Random
from lupa import lua54, lua55

shown = lambda lua: lua.LuaRuntime().eval("function(s) return tostring(tonumber(s)) end")
old, new = shown(lua54), shown(lua55)
typed = "0.8849502471859617"
print(f"typed {typed}: Lua 5.4 {old(typed)}, Lua 5.5 {new(typed)}, Python {float(typed)!r}")
assert (old(typed), new(typed)) == ("0.88495024718596", "0.88495024718596171"), "this has changed"

random, texts = Random(1), []
while len(texts) < 1000:
    text = f"0.{random.randrange(10 ** 15, 10 ** 16)}"
    if repr(float(text)) == text and text[-1] != "0":
        texts.append(text)
other = [text for text in texts if new(text) != text]
assert all(float(new(text)) == float(text) for text in texts)
print(f"of 1000 decimals of 16 digits that Python shows as typed, Lua 5.5 shows otherwise: {len(other)}")
assert len(other) > 500, "this has changed"
PY
