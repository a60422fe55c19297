-- For `luarocks make` in a checkout: builds the module for luarocks' Lua, with the core inside. Needed are
-- CMake 3.25, a C11 compiler, SWIG 4.1, OpenSSL 3.0.2 and the headers of Lua (on Debian: cmake gcc make swig
-- libssl-dev liblua5.4-dev).
rockspec_format = "3.0"
package = "rfctls"
version = "0.1.0-1"
source = { url = "git+file://." } -- it is built where it is
description = {
  summary = "TLS sockets that check whom they talk to, with LuaSocket's and LuaSec's methods",
  detailed = [[
    Clients and servers over OpenSSL 3, for Lua 5.1 to 5.5 and LuaJIT: certificates and host names are
    checked unless told otherwise. Coroutines under copas, cqueues, luv or a scheduler of your own;
    LuaSec's interface for programs that change one require.
  ]],
  license = "MIT",
}
dependencies = { "lua >= 5.1, < 5.6" }
build = {
  type = "command",
  build_command = "cmake -S . -B build/rock -DCMAKE_BUILD_TYPE=Release -DRFCTLS_BINDINGS=lua "
    .. "-DRFCTLS_TESTS=OFF '-DRFCTLS_LUA_ROCK=$(LUA_INCDIR)' "
    .. "&& cmake --build build/rock --target rfctls_lua_rock",
  install = {
    lib = { ["rfctls.native"] = "build/rock/rock/native.so" },
    lua = {
      ["rfctls.async"] = "bindings/lua/rfctls/async.lua",
      ["rfctls.async.copas"] = "bindings/lua/rfctls/async/copas.lua",
      ["rfctls.async.cqueues"] = "bindings/lua/rfctls/async/cqueues.lua",
      ["rfctls.async.luv"] = "bindings/lua/rfctls/async/luv.lua",
      ["rfctls.config"] = "bindings/lua/rfctls/config.lua",
      ["rfctls.credentials"] = "bindings/lua/rfctls/credentials.lua",
      ["rfctls.failure"] = "bindings/lua/rfctls/failure.lua",
      ["rfctls.guard"] = "bindings/lua/rfctls/guard.lua",
      ["rfctls.hints"] = "bindings/lua/rfctls/hints.lua",
      ["rfctls.https"] = "bindings/lua/rfctls/https.lua",
      ["rfctls.init"] = "bindings/lua/rfctls/init.lua",
      ["rfctls.library"] = "bindings/lua/rfctls/library.lua",
      ["rfctls.luasec"] = "bindings/lua/rfctls/luasec.lua",
      ["rfctls.luasec.certificate"] = "bindings/lua/rfctls/luasec/certificate.lua",
      ["rfctls.options"] = "bindings/lua/rfctls/options.lua",
      ["rfctls.plain"] = "bindings/lua/rfctls/plain.lua",
      ["rfctls.rfc"] = "bindings/lua/rfctls/rfc.lua",
      ["rfctls.select"] = "bindings/lua/rfctls/select.lua",
      ["rfctls.socket"] = "bindings/lua/rfctls/socket.lua",
      ["rfctls.stream"] = "bindings/lua/rfctls/stream.lua",
      ["rfctls.talk"] = "bindings/lua/rfctls/talk.lua",
      ["rfctls.wait"] = "bindings/lua/rfctls/wait.lua",
    },
  },
}
