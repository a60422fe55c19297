-- What is written has to run in Lua 5.1 to 5.5 and LuaJIT.
std = "max"
self = false -- a method need not use it
ignore = {
  "311", -- a value that nobody reads: of several results, or nil for the collector
}
files["bindings/lua/rfctls/hints.lua"].max_line_length = false -- generated
files["tests/lua/peer.lua"].globals = { "kept" } -- has to live to the end
files["tests/lua/test_module.lua"].globals = { "swig_type" } -- which SWIG's code would set
