/* Objects that scripts make, and that are userdata to others. Part of the generated module. */

/* A userdata of nothing, with the metatable that is given, as newproxy of Lua 5.1 makes it. It can never
 * be taken for a handle: those are as large as one. */
static int new_proxy(lua_State *L) {
  if (lua_gettop(L) != 1)
    return luaL_error(L, "Error in proxy expected 1..1 args, got %d", lua_gettop(L));
  luaL_checktype(L, 1, LUA_TTABLE);
  (void)lua_newuserdata(L, 0);
  lua_insert(L, 1);
  lua_setmetatable(L, 1);
  return 1;
}
