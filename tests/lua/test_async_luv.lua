-- Do coroutines work under luv?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local uv = helper.need "luv"
local layer = require "rfctls.async.luv"

local function run(finished)
  local tick = uv.new_timer() -- so that the end is looked for now and then
  tick:start(10, 10, function()
    if finished() then uv.stop() end
  end)
  if not finished() then uv.run() end
  tick:close()
  uv.run "nowait"
end

require "schedulers"(layer, layer.spawn, run)

helper.test("a coroutine of spawn may wait for what else luv has", function()
  local waited = false
  layer.spawn(function()
    coroutine.yield(function(resume)
      local timer = uv.new_timer()
      timer:start(10, 0, function()
        timer:close()
        resume()
      end)
    end)
    waited = true
  end)
  run(function() return waited end)
end)

helper.finish()
