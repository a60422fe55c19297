-- The same questions to every scheduler: schedulers.lua is what the files test_async_*.lua share.
--
-- layer: rfctls.connect, listen, … under the scheduler; spawn(f): runs f as a coroutine of it;
-- run(finished): runs the scheduler until finished() is true.
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, on_time = helper.test, helper.equal, helper.on_time

return function(layer, spawn, run)
  -- Runs functions as coroutines until all have ended; an error of one is raised here.
  local function together(...)
    local open, failure = select("#", ...), nil
    for _, f in ipairs { ... } do
      spawn(function()
        local ok, message = helper.yielding_pcall(f)
        if not ok then failure = failure or message or "?" end
        open = open - 1
      end)
    end
    local limit = rfctls.clock() + 40
    run(function() return open == 0 or failure or rfctls.clock() > limit end)
    if failure then error(failure, 0) end
    equal(open, 0, "coroutines that have not ended")
  end

  local function listen(options)
    local listener = assert(layer.listen("127.0.0.1", 0, helper.server_options("server", options)))
    return listener, (select(2, listener:getsockname()))
  end

  local function connect(port, options)
    return assert(layer.connect("127.0.0.1", port, helper.client_options(options)))
  end

  -- A client and a server after their handshake.
  local function pair(client_options, server_options)
    local listener, port = listen(server_options)
    local client, server
    together(
      function() client = connect(port, client_options) end,
      function()
        server = assert(listener:accept())
        assert(server:dohandshake())
      end)
    listener:close()
    return client, server
  end

  -- A pause that only the scheduler can end.
  local function pause(seconds)
    local idle = assert(rfctls.plain.listen("127.0.0.1", 0))
    local limit = rfctls.clock() + seconds
    repeat layer.scheduler.wait_read(idle:getfd(), limit - rfctls.clock()) until rfctls.clock() >= limit
    idle:close()
  end

  test("an echo server and 200 clients in one thread, and one client that says nothing", function()
    local clients, served = 200, 0
    local listener, port = listen()
    local silent = assert(rfctls.plain.connect("127.0.0.1", port))
    local function serve(s)
      spawn(function()
        if not s:dohandshake() then return end
        local line = s:receive()
        while line do
          assert(s:send(line .. "\n"))
          line = s:receive()
        end
        s:close()
        served = served + 1
      end)
    end
    local all = { function()
      for _ = 1, clients + 1 do serve(assert(listener:accept())) end
    end }
    local echoed, config = 0, assert(layer.config(helper.client_options()))
    for i = 1, clients do
      all[#all + 1] = function()
        local s = assert(layer.connect("127.0.0.1", port, config))
        for j = 1, 3 do
          local line = ("client %d line %d"):format(i, j)
          assert(s:send(line .. "\n"))
          equal(s:receive(), line)
          echoed = echoed + 1
        end
        assert(s:close())
      end
    end
    together((table.unpack or unpack)(all))
    equal(echoed, 3 * clients, "lines")
    silent:close()
    local limit = rfctls.clock() + 10
    run(function() return served == clients or rfctls.clock() > limit end)
    equal(served, clients, "connections that were served to their end")
    listener:close()
  end)

  test("a timeout of one coroutine, while others go on", function()
    local client, server = pair()
    local ticks = 0
    together(function()
      client:settimeout(0.3)
      local took, data, word, partial, code = helper.timed(client.receive, client, 10)
      equal(data, nil)
      equal(word, "timeout")
      equal(partial, "")
      equal(code, "E_TIMEOUT")
      equal(client:lasterror().status, "E_TIMEOUT")
      on_time(took, 0.3)
      client:settimeout(nil)
      client:settimeout(0.2, "t")
      took, data, word = helper.timed(client.receive, client, 10)
      equal(word, "timeout")
      on_time(took, 0.2)
      client:settimeout(0)
      equal(select(2, client:receive(1)), "wantread")
    end, function()
      for _ = 1, 10 do
        pause(0.02)
        ticks = ticks + 1
      end
    end)
    equal(ticks, 10)
    assert(server:getfd() >= 0)
  end)

  test("handshakes and accepts end in time, too", function()
    local silent = assert(rfctls.plain.listen("127.0.0.1", 0))
    local listener = listen()
    together(function()
      local took, s, word = helper.timed(layer.connect, "127.0.0.1", (select(2, silent:getsockname())),
                                         helper.client_options { timeout = 0.3 })
      equal(s, nil)
      equal(word, "timeout")
      on_time(took, 0.3)
    end, function()
      listener:settimeout(0.3)
      local took, s, word = helper.timed(listener.accept, listener)
      equal(s, nil)
      equal(word, "timeout")
      on_time(took, 0.3)
    end)
  end)

  test("both directions at once, more than the system buffers", function()
    local client, server = pair()
    local data = helper.bytes(2 ^ 21)
    local function sends(s)
      return function() equal(s:send(data), #data) end
    end
    local function receives(s)
      return function() equal(s:receive(#data) == data, true, "the same bytes") end
    end
    together(sends(client), sends(server), receives(client), receives(server))
    together(function() assert(client:close()) end, function() assert(server:close()) end)
  end)

  test("a verifier may wait by the scheduler", function()
    local depths = {}
    local client = pair { verify = function(depth, trusted)
      pause(0.02)
      depths[#depths + 1] = depth
      return trusted
    end }
    equal(depths[#depths], 0)
    equal(client:info "protocol", "TLSv1.3")
    local mine = {}
    local listener, port = listen()
    local ok, message
    together(function()
      ok, message = helper.yielding_pcall(layer.connect, "127.0.0.1", port, helper.client_options {
        verify = function()
          pause(0.02)
          error(mine)
        end })
    end, function() assert(not assert(listener:accept()):dohandshake()) end)
    equal(ok, false)
    equal(message, mine)
  end)

  test("a socket that is closed ends the call that another coroutine waits in", function()
    for _, close in ipairs { "close", "abort" } do
      local client, server = pair()
      local code
      together(function()
        code = select(4, client:receive(1))
      end, function()
        pause(0.05)
        client[close](client)
      end, function() server:receive(1) end)
      equal(code, "E_CLOSED", close)
    end
  end)

  test("streams, lines and statistics under a scheduler", function()
    local client, server = pair()
    local seen = {}
    together(function()
      local stream = client:stream()
      for i = 1, 3 do
        assert(stream:write("line ", i, "\n"):flush())
        pause(0.01)
      end
      assert(stream:close())
    end, function()
      local stream = server:stream()
      local line = stream:read "l"
      while line do
        seen[#seen + 1] = line
        line = stream:read "l"
      end
      assert(stream:close())
    end)
    equal(table.concat(seen, "|"), "line 1|line 2|line 3")
    equal((server:getstats()), 21)
  end)

  test("TLS begins on a plain connection", function()
    local listener = assert(layer.plain.listen("127.0.0.1", 0))
    local port = select(2, listener:getsockname())
    together(function()
      local s = assert(layer.plain.connect("127.0.0.1", port))
      equal(s:receive(), "ready")
      assert(s:send "STARTTLS\n")
      local inner = assert(layer.wrap(s, helper.client_options()))
      assert(inner:send "secret\n")
      assert(inner:close())
    end, function()
      local s = assert(listener:accept())
      pause(0.02)
      assert(s:send "ready\n")
      equal(s:receive(), "STARTTLS")
      local outer = assert(layer.wrap(s, helper.server_options("server", { role = "server" })))
      equal(outer:receive(), "secret")
      equal(select(2, outer:receive()), "closed")
      assert(outer:close())
    end)
  end)

  -- The tests' names are preloaded where the system can.
  local preloaded = (rfctls.plain.connect("silent-first.test", 1, { timeout = 1 })
                     or rfctls.last_error().status ~= "E_RESOLVE")

  test(preloaded and "an address that is silent holds nothing up, a resolver neither"
       or "# SKIP the tests' names are not preloaded", function()
    if not preloaded then return end
    local listener, port = listen()
    local went_on = 0
    local function makes(make)
      return function()
        local took, s, message = helper.timed(make, "silent-first.test", port,
                                              helper.client_options { handshake = false })
        assert(s, message)
        on_time(took, 0.25)
        equal((s:getpeername()), "127.0.0.1")
        s:close()
      end
    end
    local function gives_up(make)
      return function()
        local took, s, _, code = helper.timed(make, "silent.test", 1, { timeout = 0.5 })
        equal(s, nil)
        equal(code, "E_TIMEOUT")
        on_time(took, 0.5)
      end
    end
    local function plain(host, service) return layer.plain.connect(host, service) end
    together(makes(layer.connect), makes(plain), gives_up(layer.connect), gives_up(layer.plain.connect),
      function()
        for _ = 1, 10 do
          pause(0.02)
          went_on = went_on + 1
        end
      end,
      function()
        local took, s = helper.timed(layer.connect, "127.0.0.1", port,
                                     helper.client_options { handshake = false })
        on_time(took, 0)
        s:close()
      end)
    equal(went_on, 10)
    listener:close()
  end)

  test("a close by another coroutine ends a look-up", function()
    if not preloaded then return end
    local s = assert(layer.connect("silent.test", 1, { timeout = 0 }))
    local took, ok, _, code
    together(function()
      s:settimeout(nil)
      took, ok, _, code = helper.timed(s.finishconnect, s)
    end, function()
      pause(0.1)
      s:abort()
    end)
    equal(ok, nil)
    equal(code, "E_CLOSED")
    on_time(took, 0.1)
  end)

  test("a config of no scheduler is a mistake", function()
    helper.raises("another scheduler", layer.connect, "127.0.0.1", 1, assert(rfctls.config()))
  end)
end
