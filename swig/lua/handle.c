/* Types of handles, and how scripts see them. Part of the generated module. */
#include "lua/handle.h"

/* type is one pointer a noun. No other userdata of this size holds it but by a metatable that was looked
 * at: that saves looking again at every call. */
static handle *handle_at(lua_State *L, int index, const char *type) {
  handle *found = NULL;
  if (lua_type(L, index) == LUA_TUSERDATA && lua_rawlen(L, index) == sizeof *found) {
    found = (handle *)lua_touserdata(L, index);
  }
  if (found == NULL || found->type != type) {
    found = (handle *)luaL_checkudata(L, index, type);
    found->type = type;
  }
  return found;
}

/* Tells the collector of kilobytes that it does not see, so that dropped objects do not pile up. Lua 5.5
 * counts in bytes. */
static void tell_weight(lua_State *L, int kilobytes) {
  if (kilobytes > 0) {
#if LUA_VERSION_NUM >= 505
    lua_gc(L, LUA_GCSTEP, (size_t)kilobytes * 1024);
#else
    lua_gc(L, LUA_GCSTEP, kilobytes);
#endif
  }
}

#define HANDLE_FINALISER(NOUN)                             \
  static const char type_##NOUN[] = "rfctls." #NOUN;       \
  static int collect_##NOUN(lua_State *L) {                \
    handle *dead = handle_at(L, 1, type_##NOUN);           \
    rfctls_##NOUN##_unref((rfctls_##NOUN *)dead->pointer); \
    dead->pointer = NULL;                                  \
    return 0;                                              \
  }

/* Makes the metatable of a noun, and puts the table of its methods, empty for the facade to fill,
 * into the module, which is on top of the stack. Scripts see the methods as the metatable. */
static void handle_type(lua_State *L, const char *noun, lua_CFunction collect) {
  lua_pushstring(L, noun);
  lua_newtable(L);
  lua_pushfstring(L, "rfctls.%s", noun);
  luaL_newmetatable(L, lua_tostring(L, -1));
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  lua_rawset(L, -3);
}
