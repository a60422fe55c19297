-- Do coroutines work under cqueues?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local cqueues = helper.need "cqueues"

local queue = cqueues.new()

local function run(finished)
  while not finished() do assert(queue:step(0.05)) end
end

require "schedulers"(require "rfctls.async.cqueues", function(f) queue:wrap(f) end, run)
helper.finish()
