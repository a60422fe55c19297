/* Where what is received lies until Lua has copied it. Part of the generated module. */

enum {
  SCRATCH_LEAST =
      16384, /* one TLS record holds at most this much plaintext (RFC 8446 section 5.1) */
  SCRATCH_MOST =
      1048576 /* what is asked beyond comes in several pieces                           */
};

/* A buffer of *capacity bytes, which is cut down to what there can be. One a Lua state, kept in its
 * registry, that grows with what is asked: the collector frees the one before. */
static void *scratch_of(lua_State *L, size_t *capacity) {
  static const char key = 'k';
  void *scratch;
  size_t size;
  if (*capacity > SCRATCH_MOST)
    *capacity = SCRATCH_MOST;
  lua_pushlightuserdata(L, (void *)&key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  scratch = lua_touserdata(L, -1);
  size = lua_rawlen(L, -1);
  lua_pop(L, 1);
  if (size >= *capacity && scratch != NULL)
    return scratch;
  for (size = SCRATCH_LEAST; size < *capacity; size *= 4) {
  }
  lua_pushlightuserdata(L, (void *)&key);
  scratch = lua_newuserdata(L, size);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return scratch;
}
