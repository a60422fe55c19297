-- What makers are given by name. A wrong option is a mistake in the program, and raised where the maker was
-- called.
local failure = require "rfctls.failure"

local options = {}

local function wrong(name, what)
  error(("rfctls: option '%s' %s"):format(tostring(name), what), 0)
end
options.wrong = wrong

-- Every option has to stand in types, with the types that it may have: "string table".
function options.check(given, types)
  if type(given) ~= "table" then
    error(("rfctls: options are a %s instead of a table"):format(type(given)), 0)
  end
  for name, value in pairs(given) do
    local allowed = types[name]
    if not allowed then wrong(name, failure.unknown(name)) end
    if not allowed:find(type(value), 1, true) then
      wrong(name, ("is a %s instead of a %s"):format(type(value), allowed:gsub(" ", " or ")))
    end
  end
end

-- What an option's word stands for.
function options.choose(choices, name, value)
  return choices[value] or wrong(name, ("cannot be '%s'"):format(value))
end

return options
