/* Handles of the library as userdata of their own types. For the generated module, and for embed.c. */
#ifndef RFCTLS_LUA_HANDLE_H
#define RFCTLS_LUA_HANDLE_H

#include <lauxlib.h>
#include <lua.h>

/* A userdata that owns one reference. Its metatable tells its type, and is looked at before the
 * pointer is: SWIG's own pointers trust any userdata. */
typedef struct handle {
  void *pointer;    /* NULL once collected                                                   */
  const char *type; /* the name that its metatable was found to have, NULL until it was looked at */
} handle;

/* Pushes an empty one; the module that makes the types must have been opened. */
static inline handle *handle_new(lua_State *L, const char *type) {
  handle *made = (handle *)lua_newuserdata(L, sizeof *made);
  made->pointer = NULL;
  made->type = NULL;
  luaL_getmetatable(L, type);
  lua_setmetatable(L, -2);
  return made;
}

#endif
