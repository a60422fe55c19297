-- How a call that did not succeed is told: LuaSocket's words where it has one, else the library's
-- message; then the status by its name. The details of the last failure are kept.
local native = require "rfctls.library"
local hints = require "rfctls.hints"

local failure = {}

local words = {
  [native.WANT_READ] = "wantread",
  [native.WANT_WRITE] = "wantwrite",
  [native.E_TIMEOUT] = "timeout",
  [native.E_CLOSED] = "closed",
  [native.E_TRUNCATED] = "truncated",
}

local last

local function known(value, nothing)
  if value ~= nothing then return value end
end

-- What to do about it, as far as that is known.
local function hint_for(status, reason, text)
  for _, hint in ipairs(hints.failures) do
    if hint[1] == status and (hint[2] == "" or hint[2] == reason) and text:find(hint[3], 1, true) then
      return hint[4]
    end
  end
end

-- "what happened (what to do about it)"
local function with_hint(message, hint)
  return hint and ("%s (%s)"):format(message, hint) or message
end

local function describe(status)
  if native.error_status() ~= status then -- it was made here, for lack of time
    return { status = native.status_name(status), message = native.status_text(status) }
  end
  local name, message, origin = native.status_name(status), native.error_message(), native.error_origin()
  local reason = known(native.error_verify_reason(), native.REASON_NONE)
  reason = reason and native.reason_name(reason)
  local hint = hint_for(name, reason, origin .. ": " .. message)
  return {
    status = name,
    message = with_hint(message, hint),
    origin = origin,
    hint = hint,
    reason = reason,
    depth = known(native.error_depth(), -1),
    alert = known(native.error_alert(), -1),
    system_code = known(native.error_system_code(), 0),
    engine_code = known(native.error_engine_code(), 0),
  }
end

-- The word and the code of a status that is not OK.
function failure.tell(status)
  if status < 0 then last = describe(status) end
  return words[status] or (last or {}).message, native.status_name(status)
end

-- How an unknown option is told.
function failure.unknown(name)
  return with_hint("is unknown", hints.habits[name])
end

-- true, or what a function returns that failed.
function failure.check(status)
  return failure.value(status, true)
end

-- The value that came with the status, or what a function returns that failed.
function failure.value(status, value)
  if status == native.OK then return value end
  return nil, failure.tell(status)
end

-- What ends a function of protect.
local Failed = {}

-- As LuaSocket's protect and try: a function that answers value or nil, message, code, and within which try
-- takes such answers, and must a status with what came beside it. The first failure ends the function. It must not
-- yield.
function failure.protect(f)
  local function finish(ok, ...)
    if ok then return ... end
    if getmetatable(...) ~= Failed then error((...), 0) end
    return nil, (...).message, (...).code
  end
  return function(...) return finish(pcall(f, ...)) end
end

function failure.try(value, message, code)
  if value then return value end
  error(setmetatable({ message = message, code = code }, Failed), 0)
end

function failure.must(status, value)
  if status == native.OK then return value end
  return failure.try(nil, failure.tell(status))
end

-- A table that describes the last call that failed: status, message, origin, and where they are
-- known reason, depth, alert, system_code, engine_code, and a hint what to do about it. nil if none did.
function failure.last_error()
  return last
end

return failure
