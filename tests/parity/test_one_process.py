"""Two languages may use the library in one process: Lua, embedded, inside Python."""
import ctypes
import ctypes.util
import os

import pytest

BINDINGS = os.environ["RFCTLS_BINDINGS"].split(",")
TALK = """
local rfctls = require "rfctls"
local port, cafile = ...
local s = assert(rfctls.connect("127.0.0.1", port, { cafile = cafile }))
assert(s:send("from Lua\\n"))
local line = assert(s:receive("*l"))
s:close()
return line
"""


class Lua:
    """An interpreter of Lua 5.4, as C embeds it."""

    def __init__(self):
        path = ctypes.util.find_library("lua5.4")
        if path is None:
            pytest.skip("liblua5.4 is not installed")
        # its modules look for Lua's names in the process
        self.lua = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        self.lua.luaL_newstate.restype = ctypes.c_void_p
        self.lua.lua_tolstring.restype = ctypes.c_char_p
        self.state = ctypes.c_void_p(self.lua.luaL_newstate())
        self.lua.luaL_openlibs(self.state)

    def run(self, text, *arguments):
        assert self.lua.luaL_loadstring(self.state, text.encode()) == 0
        for each in arguments:
            self.lua.lua_pushstring(self.state, str(each).encode())
        failed = self.lua.lua_pcallk(self.state, len(arguments), 1, 0, ctypes.c_ssize_t(0), None)
        said = self.lua.lua_tolstring(self.state, -1, None).decode()
        assert not failed, said
        return said

    def close(self):
        self.lua.lua_close(self.state)


def serve_one(rfctls, listener):
    sock, _ = listener.accept()
    with sock:
        sock.sendall(b"to " + sock.recv(100)[5:])


def test_python_serves_lua_in_one_process():
    if not {"python", "lua"} <= set(BINDINGS):
        pytest.skip("the modules for Python and Lua were not both built")
    import threading

    import rfctls
    pki = os.environ["RFCTLS_TEST_PKI"]
    identity = rfctls.Identity(f"{pki}/server.pem", f"{pki}/server.key")
    lua = Lua()
    with rfctls.listen(host="127.0.0.1", identity=identity) as listener:
        port = listener.getsockname()[1]
        for _ in range(3):
            other = threading.Thread(target=serve_one, args=(rfctls, listener))
            other.start()
            assert lua.run(TALK, port, f"{pki}/ca.pem") == "to Lua"
            other.join()
    lua.close()
