-- What c/embed_lua.c asks for each of its connections: answers every line with its length and the line
-- itself, and counts.
local served = 0 -- by this state: every thread of the server has its own

return function(s)
  served = served + 1
  local line, word, _, code = s:receive("*l")
  while line do
    assert(s:send(("%d %s\n"):format(#line, line)))
    line, word, _, code = s:receive("*l")
  end
  if code then error(("connection %d: %s"):format(served, word), 0) end
end
