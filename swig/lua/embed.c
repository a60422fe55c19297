/* Sockets between a C host and Lua: rfctls/lua.h. Beside the generated module, in one library with it. */
#include "rfctls/lua.h"

#include <stdatomic.h>

#include "lua/handle.h"
#include "rfctls/socket.h"

/* SWIG's own luaopen, under another name: it fills in tables that all states of the process share. */
int rfctls_lua_open_unlocked(lua_State *L);

static atomic_flag opening = ATOMIC_FLAG_INIT;

/* Opening takes no longer than a millisecond and waits for nothing, so others may spin. It is done in
 * protected mode: an error for want of memory must not leave the lock taken. */
int luaopen_rfctls_native(lua_State *L) {
  int status;
  lua_pushcfunction(L, rfctls_lua_open_unlocked);
  while (atomic_flag_test_and_set_explicit(&opening, memory_order_acquire)) {
  }
  status = lua_pcall(L, 0, 1, 0);
  atomic_flag_clear_explicit(&opening, memory_order_release);
  return status == 0 ? 1 : lua_error(L);
}

/* Of a light userdata: the object of its socket. */
static int make_object(lua_State *L) {
  rfctls_socket *socket = (rfctls_socket *)lua_touserdata(L, 1);
  if (socket == NULL) {
    return luaL_error(L, "there is no socket to push");
  }
  lua_getglobal(L, "require");
  lua_pushliteral(L, "rfctls.socket");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "of_handle");
  handle_new(L, "rfctls.socket")->pointer = rfctls_socket_ref(socket);
  lua_call(L, 1, 1);
  return 1;
}

rfctls_status rfctls_lua_push_socket(lua_State *L, rfctls_socket *socket) {
  int status;
  lua_pushcfunction(L, make_object);
  lua_pushlightuserdata(L, socket);
  status = lua_pcall(L, 1, 1, 0);
  if (status == 0) {
    return RFCTLS_OK;
  }
  if (socket == NULL) {
    return RFCTLS_E_ARGUMENT;
  }
  return status == LUA_ERRMEM ? RFCTLS_E_MEMORY : RFCTLS_E_STATE;
}

/* The pointer of the handle on top of the stack; NULL if that is none of a socket. */
static void *socket_on_top(lua_State *L) {
  void *found = NULL;
  if (lua_type(L, -1) == LUA_TUSERDATA && lua_getmetatable(L, -1)) {
    luaL_getmetatable(L, "rfctls.socket");
    if (lua_rawequal(L, -1, -2)) {
      found = ((handle *)lua_touserdata(L, -3))->pointer;
    }
    lua_pop(L, 2);
  }
  return found;
}

rfctls_socket *rfctls_lua_to_socket(lua_State *L, int index) {
  void *found;
  lua_pushvalue(L, index);
  if (lua_istable(L, -1)) { /* a facade's object */
    lua_pushliteral(L, "handle");
    lua_rawget(L, -2);
    lua_remove(L, -2);
  }
  found = socket_on_top(L);
  lua_pop(L, 1);
  return (rfctls_socket *)found;
}
