// Do sockets cross between C and Lua, each way, in one state and in many?
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "rfctls/lua.h"
#include "support/pair.hpp"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}

using namespace rfctls_test;

namespace {

struct StateCloser {
  void operator()(lua_State *state) const {
    lua_close(state);
  }
};

using State = std::unique_ptr<lua_State, StateCloser>;

// A state that finds the module in this program.
State new_state() {
  State state(luaL_newstate());
  lua_State *L = state.get();
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_rfctls_native);
  lua_setfield(L, -2, "rfctls.native");
  lua_settop(L, 0);
  return state;
}

// What a chunk of Lua returns as text, or how it failed, when called with the value on the stack's top.
std::string call(lua_State *L, const char *chunk) {
  if (luaL_loadstring(L, chunk) == 0) {
    lua_insert(L, -2);
    lua_pcall(L, 1, 1, 0);
  }
  const char *text = lua_tostring(L, -1);
  std::string result = text != nullptr ? text : "(no text)";
  lua_pop(L, 1);
  return result;
}

TEST(Embed, pushed_socket_has_the_methods_of_the_module) {
  Pair pair;
  ASSERT_EQ(pair.shake(), RFCTLS_OK);
  State state = new_state();
  lua_State *L = state.get();
  ASSERT_EQ(send_all(pair.client, "a line\n"), RFCTLS_OK);
  ASSERT_EQ(rfctls_lua_push_socket(L, pair.server.get()), RFCTLS_OK);
  EXPECT_EQ(lua_gettop(L), 1);
  EXPECT_EQ(call(L,
                 "local s = ... local line = s:receive() assert(s:send(line:upper()))"
                 "return line .. ' ' .. s:info 'protocol' .. ' ' .. s:sni()"),
            "a line TLSv1.3 server.test");
  EXPECT_EQ(receive(pair.client), "A LINE");
}

TEST(Embed, handshake_may_be_left_to_lua) {
  Pair pair;
  State state = new_state();
  lua_State *L = state.get();
  rfctls_status status = RFCTLS_E_INTERNAL;
  std::thread other([&] { status = rfctls_socket_handshake(pair.client.get()); });
  ASSERT_EQ(rfctls_lua_push_socket(L, pair.server.get()), RFCTLS_OK);
  EXPECT_EQ(call(L, "return tostring((...):dohandshake())"), "true");
  other.join();
  EXPECT_EQ(status, RFCTLS_OK);
}

// The interpreter may have set the collector up in another way than Lua itself does.
TEST(Embed, dropped_sockets_do_not_pile_up) {
  State state = new_state();
  lua_State *L = state.get();
  std::string program = std::string(getenv("RFCTLS_SOURCE_DIR")) + "/tests/lua/pile.lua";
  for (const char *kind : {"tls", "plain"}) {
    lua_pushstring(L, kind);
    EXPECT_LE(std::stoi(call(L, ("return tostring(loadfile('" + program + "')(...))").c_str())),
              40);
  }
}

TEST(Embed, same_socket_comes_back) {
  Pair pair;
  State state = new_state();
  lua_State *L = state.get();
  ASSERT_EQ(rfctls_lua_push_socket(L, pair.client.get()), RFCTLS_OK);
  EXPECT_EQ(rfctls_lua_to_socket(L, 1), pair.client.get());
  EXPECT_EQ(rfctls_lua_to_socket(L, -1), pair.client.get());
  lua_getfield(L, 1, "handle");
  EXPECT_EQ(rfctls_lua_to_socket(L, -1), pair.client.get());
  EXPECT_EQ(lua_gettop(L), 2);
}

TEST(Embed, socket_made_in_lua_is_usable_in_c) {
  State state = new_state();
  lua_State *L = state.get();
  Socket listener = listen_on(server_config());
  lua_pushstring(L, port_of(listener).c_str());
  ASSERT_EQ(luaL_loadstring(L,
                            "return assert(require 'rfctls'.connect('127.0.0.1', ..., "
                            "{ handshake = false, server_name = 'server.test' }))"),
            0);
  lua_insert(L, 1);
  ASSERT_EQ(lua_pcall(L, 1, 1, 0), 0) << lua_tostring(L, -1);
  rfctls_socket *socket = rfctls_lua_to_socket(L, -1);
  ASSERT_NE(socket, nullptr);
  EXPECT_STREQ(rfctls_socket_server_name(socket), "server.test");
  Socket kept(rfctls_socket_ref(socket));
  state.reset();
  EXPECT_STREQ(rfctls_socket_server_name(kept.get()), "server.test");
}

TEST(Embed, anything_else_is_no_socket) {
  State state = new_state();
  lua_State *L = state.get();
  ASSERT_EQ(luaL_dostring(L,
                          "local rfctls = require 'rfctls' "
                          "return nil, 1, 'text', {}, print, io.stdout, coroutine.create(print), "
                          "{ handle = 1 }, { handle = {} }, { handle = io.stdout }, "
                          "assert(rfctls.self_signed 'a.test'), rfctls.plain.memory(), "
                          "setmetatable({}, { __index = error })"),
            0);
  lua_pushlightuserdata(L, &state);
  int count = lua_gettop(L);
  EXPECT_EQ(count, 14);
  for (int index = 1; index <= count; index++) {
    EXPECT_EQ(rfctls_lua_to_socket(L, index), nullptr) << index;
    EXPECT_EQ(rfctls_lua_to_socket(L, -index), nullptr) << -index;
  }
  EXPECT_EQ(lua_gettop(L), count);
}

TEST(Embed, no_socket_cannot_be_pushed) {
  State state = new_state();
  EXPECT_EQ(rfctls_lua_push_socket(state.get(), nullptr), RFCTLS_E_ARGUMENT);
  ASSERT_EQ(lua_gettop(state.get()), 1);
  EXPECT_STREQ(lua_tostring(state.get(), -1), "there is no socket to push");
}

TEST(Embed, without_the_modules_files_there_is_a_message_instead) {
  Pair pair;
  State state = new_state();
  ASSERT_EQ(luaL_dostring(state.get(), "package.path = ''"), 0);
  EXPECT_EQ(rfctls_lua_push_socket(state.get(), pair.client.get()), RFCTLS_E_STATE);
  ASSERT_EQ(lua_gettop(state.get()), 1);
  EXPECT_NE(std::string(lua_tostring(state.get(), -1)).find("rfctls.socket"), std::string::npos);
}

TEST(Embed, object_keeps_the_socket_and_its_state_drops_it) {
  Pair pair;
  ASSERT_EQ(pair.shake(), RFCTLS_OK);
  State state = new_state();
  ASSERT_EQ(rfctls_lua_push_socket(state.get(), pair.server.get()), RFCTLS_OK);
  pair.server.reset();
  lua_gc(state.get(), LUA_GCCOLLECT, 0);
  ASSERT_EQ(send_all(pair.client, "still\n"), RFCTLS_OK);
  EXPECT_EQ(call(state.get(), "return (...):receive()"), "still");
  state.reset();
  rfctls_status status = RFCTLS_OK;
  EXPECT_EQ(receive_all(pair.client, &status), "");
  EXPECT_EQ(status, RFCTLS_E_TRUNCATED);
}

TEST(Embed, two_states_share_a_socket) {
  Pair pair;
  ASSERT_EQ(pair.shake(), RFCTLS_OK);
  State reader = new_state(), writer = new_state();
  ASSERT_EQ(rfctls_lua_push_socket(reader.get(), pair.client.get()), RFCTLS_OK);
  ASSERT_EQ(rfctls_lua_push_socket(writer.get(), pair.server.get()), RFCTLS_OK);
  std::string heard;
  std::thread other([&] { heard = call(reader.get(), "return (...):receive(100000)"); });
  EXPECT_EQ(call(writer.get(), "return (...):send(('x'):rep(100000))"), "100000");
  other.join();
  EXPECT_EQ(heard, std::string(100000, 'x'));
}

TEST(Embed, many_threads_open_the_module_at_once) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) {
    threads.emplace_back([] {
      for (int j = 0; j < 10; j++) {
        State state = new_state();
        lua_pushnil(state.get());
        EXPECT_EQ(call(state.get(), "return type(require 'rfctls'.connect)"), "function");
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
}

}  // namespace
