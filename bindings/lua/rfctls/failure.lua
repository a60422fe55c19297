-- How a call that did not succeed is told: LuaSocket's words where it has one, else the library's
-- message; then the status by its name. The details of the last failure are kept.
local native = require "rfctls.library"

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

local function describe(status)
  if native.error_status() ~= status then -- it was made here, for lack of time
    return { status = native.status_name(status), message = native.status_text(status) }
  end
  local reason = native.error_verify_reason()
  return {
    status = native.status_name(status),
    message = native.error_message(),
    origin = native.error_origin(),
    reason = reason ~= native.REASON_NONE and native.reason_name(reason) or nil,
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

-- true, or what a function returns that failed.
function failure.check(status)
  if status == native.OK then return true end
  return nil, failure.tell(status)
end

-- The value that came with the status, or what a function returns that failed.
function failure.value(status, value)
  if status == native.OK then return value end
  return nil, failure.tell(status)
end

-- Options that are no table are a mistake in the program.
function failure.check_table(options)
  if type(options) ~= "table" then
    error(("rfctls: options are a %s instead of a table"):format(type(options)), 0)
  end
end

-- A table that describes the last call that failed: status, message, origin, and where they are
-- known reason, depth, alert, system_code, engine_code. nil if none did.
function failure.last_error()
  return last
end

return failure
