/* For C programs that embed Lua, and hand sockets across: C to Lua and back.
 *
 * These functions are not in librfctls. Lua's module rfctls.native exports them, and so does its static
 * twin, librfctls_lua5.4.a (or 5.1, 5.2, 5.3, 5.5), which a program links beside librfctls and the Lua library
 * of that version, and preloads:
 *
 *   lua_getglobal(L, "package"); lua_getfield(L, -1, "preload");
 *   lua_pushcfunction(L, luaopen_rfctls_native);
 *   lua_setfield(L, -2, "rfctls.native"); lua_pop(L, 2);
 *
 * The module's Lua files are found by package.path. Several threads may each have a Lua state of their
 * own, and open the module at once; one socket may be pushed into several of them. */
#ifndef RFCTLS_LUA_H
#define RFCTLS_LUA_H

#include "rfctls/status.h"
#include "rfctls/types.h"

struct lua_State;

#if defined(__GNUC__) && !defined(_WIN32)
#define RFCTLS_LUA_API __attribute__((visibility("default")))
#else
#define RFCTLS_LUA_API
#endif

RFCTLS_BEGIN

/* What require "rfctls.native" calls: pushes the module. */
RFCTLS_LUA_API int RFCTLS_CALL luaopen_rfctls_native(struct lua_State *L);

/* Pushes an object for a socket, with the methods that rfctls.connect's have, its handshake done or still
 * to come; it keeps a reference of its own. Loads rfctls by require. Pushes exactly one value, for which
 * the stack must have room: on failure a message instead, as lua_pcall does. RFCTLS_E_ARGUMENT: the socket
 * is NULL; RFCTLS_E_STATE: the module cannot be loaded; RFCTLS_E_MEMORY. It raises no Lua error. */
RFCTLS_LUA_API rfctls_status RFCTLS_CALL rfctls_lua_push_socket(struct lua_State *L,
                                                                rfctls_socket *socket);

/* The socket of an object at an index, borrowed from it: take a reference to keep it longer. NULL if
 * it is anything else. It raises no Lua error, and leaves the stack as it was; it needs room for three values. */
RFCTLS_LUA_API rfctls_socket *RFCTLS_CALL rfctls_lua_to_socket(struct lua_State *L, int index);

RFCTLS_END

#endif
