-- The generated module, loaded without the globals that it leaves behind.
local traces = { "rfctls_native", "swig_type", "swig_equals" }

local before = {}
for _, name in ipairs(traces) do before[name] = rawget(_G, name) end
local native = require "rfctls.native"
for _, name in ipairs(traces) do rawset(_G, name, before[name]) end

return native
