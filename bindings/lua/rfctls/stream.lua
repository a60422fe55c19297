-- File-like streams over sockets: the methods of Lua's files (Lua 5.4 manual, section 6.8), over any
-- object with receivesome and send.
--
-- What a failure interrupts is not lost: what was read stays for the next read, what was written for
-- the next flush.
local Stream = { __name = "rfctls.stream" }
Stream.__index = Stream

local CHUNK = 16384  -- bytes that are received at once: a TLS record's worth
local BUFFER = 65536 -- bytes that wait to be written, at most
local NUMERAL = 200  -- characters of a numeral, at most: as in Lua

-- A stream of a socket; closing it closes the socket, unless close_socket is false.
function Stream.new(socket, close_socket)
  return setmetatable({
    socket = socket,
    closes = close_socket ~= false,
    ahead = "", first = 1, -- what was received, and where the unread part of it begins
    waiting = {}, size = 0, mode = "full", limit = BUFFER, -- what was written and not sent
  }, Stream)
end

local function check_open(self)
  if self.closed then error("attempt to use a closed stream", 3) end
end

-- ---- reading ----

-- Sees to it that something is there to read: true, false at the polite end, or nil, word, code.
local function fill(self)
  if self.first <= #self.ahead then return true end
  local data, word, _, code = self.socket:receivesome(CHUNK)
  if not data and word == "closed" and code == nil then return false end
  if not data then return nil, word, code end
  self.ahead, self.first = data, 1
  return true
end

-- Takes what is there up to an index.
local function take(self, last)
  local data = self.ahead:sub(self.first, last)
  self.first = self.first + #data
  return data
end

local function put_back(self, data)
  self.ahead, self.first = data .. self.ahead:sub(self.first), 1
end

-- What was received and not read: the socket gets it back, since others read on.
function Stream:give_up()
  return take(self, #self.ahead)
end

-- Reads piece after piece; next_piece(self, size so far) gives the index up to which to take, and
-- whether that ends it. The bytes; nil at an end without any; or nil, word, code.
local function read_pieces(self, next_piece)
  local parts, size, ended = {}, 0, false
  while not ended do
    local there, word, code = fill(self)
    if there == nil then
      put_back(self, table.concat(parts))
      return nil, word, code
    end
    if not there then break end
    local last
    last, ended = next_piece(self, size)
    parts[#parts + 1] = take(self, last)
    size = size + #parts[#parts]
  end
  if size > 0 then return table.concat(parts) end
end

local function until_end_of_line(self)
  local at = self.ahead:find("\n", self.first, true)
  return at or #self.ahead, at ~= nil
end

local function until_end(self)
  return #self.ahead, false
end

local readers = {}

function readers.L(self)
  return read_pieces(self, until_end_of_line)
end

function readers.l(self)
  local line, word, code = readers.L(self)
  if not line then return nil, word, code end
  return (line:gsub("\n$", ""))
end

function readers.a(self)
  local all, word, code = read_pieces(self, until_end)
  if word then return nil, word, code end
  return all or ""
end

local function read_count(self, count)
  if count == 0 then
    local there, word, code = fill(self)
    if there then return "" end
    return nil, word, code
  end
  return read_pieces(self, function(_, size)
    local last = self.first + count - size - 1
    return last, last <= #self.ahead
  end)
end

local numerals = {
  "^[+-]?%d*%.?%d*$", "^[+-]?%d+%.?%d*[eE][+-]?%d*$", "^[+-]?%.%d+[eE][+-]?%d*$",
  "^[+-]?0[xX]%x*%.?%x*$", "^[+-]?0[xX]%x+%.?%x*[pP][+-]?%d*$", "^[+-]?0[xX]%.%x+[pP][+-]?%d*$",
}

-- Whether a text is a numeral, or the beginning of one.
local function may_be_numeral(text)
  for _, pattern in ipairs(numerals) do
    if text:find(pattern) then return true end
  end
  return false
end

-- A numeral of Lua's, as long as its characters fit; nil if they make none, they are gone then.
function readers.n(self)
  local text = ""
  while #text < NUMERAL do
    local there, word, code = fill(self)
    if there == nil then
      put_back(self, text)
      return nil, word, code
    end
    local character = there and self.ahead:sub(self.first, self.first) or ""
    local blank = text == "" and character:find "^%s"
    if not blank and (character == "" or not may_be_numeral(text .. character)) then break end
    take(self, self.first)
    if not blank then text = text .. character end
  end
  return tonumber(text)
end

local function read_one(self, format)
  if type(format) == "number" then
    if format < 0 or format % 1 ~= 0 then error("bad argument to 'read' (invalid count)", 4) end
    return read_count(self, format)
  end
  local reader = type(format) == "string" and readers[format:match "^%*?(%a)"]
  if not reader then error("bad argument to 'read' (invalid format)", 4) end
  return reader(self)
end

local function read_formats(self, formats, count)
  local results = {}
  for index = 1, count do
    local value, word, code = read_one(self, formats[index])
    if value == nil then return results, index, word, code end
    results[index] = value
  end
  return results, count
end

local unpack = table.unpack or unpack -- luacheck: ignore

-- Reads by formats: "n", "l" (the default), "L", "a", or a count of bytes; an asterisk before a letter
-- does not matter. nil for the first that finds the end; then nil, word, code if it failed.
function Stream:read(...)
  check_open(self)
  local count = select("#", ...)
  if count == 0 then return read_one(self, "l") end
  if count == 1 then return read_one(self, (...)) end
  local results, last, word, code = read_formats(self, { ... }, count)
  if word then return nil, word, code end
  return unpack(results, 1, last)
end

-- An iterator that reads by formats until the end; a failure is raised as an error. Lua 5.1 cannot
-- yield in it.
function Stream:lines(...)
  check_open(self)
  local formats, count = { ... }, select("#", ...)
  if count == 0 then formats, count = { "l" }, 1 end
  return function()
    check_open(self)
    local results, last, word = read_formats(self, formats, count)
    if word then error(word, 2) end
    return unpack(results, 1, last)
  end
end

-- ---- writing ----

-- Sends all that was written: the stream, or nil, word, code.
function Stream:flush()
  check_open(self)
  if self.size == 0 then return self end
  local data = table.concat(self.waiting)
  local sent, word, index, code = self.socket:send(data)
  local rest = sent and "" or data:sub(index + 1)
  self.waiting, self.size = { rest }, #rest
  if not sent then return nil, word, code end
  return self
end

local function is_due(self, data)
  return self.size > self.limit or self.mode == "no"
         or (self.mode == "line" and data:find("\n", 1, true) ~= nil)
end

-- Writes strings and numbers: the stream, or nil, word, code.
function Stream:write(...)
  check_open(self)
  for index = 1, select("#", ...) do
    local data = select(index, ...)
    if type(data) == "number" then data = tostring(data) end
    if type(data) ~= "string" then
      error(("bad argument #%d to 'write' (string expected, got %s)"):format(index, type(data)), 2)
    end
    self.waiting[#self.waiting + 1] = data
    self.size = self.size + #data
    if is_due(self, data) then
      local flushed, word, code = self:flush()
      if not flushed then return nil, word, code end
    end
  end
  return self
end

local modes = { no = true, full = true, line = true }

-- When what is written is sent: at once ("no"), when size bytes wait ("full"), or at the end of a line
-- as well ("line"); flush and close send it in any case.
function Stream:setvbuf(mode, size)
  check_open(self)
  if not modes[mode] then error("bad argument #1 to 'setvbuf' (invalid mode)", 2) end
  if size ~= nil and type(size) ~= "number" then
    error("bad argument #2 to 'setvbuf' (number expected)", 2)
  end
  self.mode, self.limit = mode, size or BUFFER
  return true
end

-- Flushes, then closes the socket: true, or nil, word, code. A second call does nothing.
function Stream:close()
  if self.closed then return true end
  local flushed, word, code = self:flush()
  if not flushed and (word == "timeout" or word == "wantread" or word == "wantwrite") then
    return nil, word, code -- call again
  end
  local closed, close_word, close_code = true, nil, nil
  if self.closes then closed, close_word, close_code = self.socket:close() end
  if not closed and (close_word == "wantread" or close_word == "wantwrite") then
    return nil, close_word, close_code
  end
  self.closed = true
  if not flushed then return nil, word, code end
  if not closed then return nil, close_word, close_code end
  return true
end

Stream.__close = function(self) self:close() end

function Stream:__tostring()
  return ("rfctls.stream (%s)"):format(self.closed and "closed" or "open")
end

return Stream
