-- pcall for functions that may yield, on every Lua.
local guard = {}

-- Passes on what the function yields, and to it what comes back, until it ends.
local function carry(thread, ok, ...)
  if coroutine.status(thread) ~= "suspended" then return ok, ... end
  return carry(thread, coroutine.resume(thread, coroutine.yield(...)))
end

local function call(f, ...)
  if not coroutine.running() then return pcall(f, ...) end
  local thread = coroutine.create(f)
  return carry(thread, coroutine.resume(thread, ...))
end

-- Lua 5.1 cannot yield across pcall; all others can, and run the function in the caller's own
-- coroutine, which schedulers know it by.
local pcall_yields = coroutine.wrap(function() return pcall(coroutine.yield, true) end)()
guard.call = pcall_yields and pcall or call

return guard
