/* Numbers and text between Lua and C, checked. Part of the generated module. */
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define SIZE_HIGHEST ((uint64_t)SIZE_MAX < (uint64_t)INT64_MAX ? (int64_t)SIZE_MAX : INT64_MAX)

/* The whole number at an index, without regard to limits; 0 if it is none. */
static int whole_at(lua_State *L, int index, int64_t *out) {
  if (lua_type(L, index) != LUA_TNUMBER)
    return 0;
#if LUA_VERSION_NUM >= 503
  int whole;
  *out = (int64_t)lua_tointegerx(L, index, &whole);
  return whole;
#else
  const lua_Number number = lua_tonumber(L, index);
  if (!(fabs(number) <= 9007199254740992.0) || floor(number) != number)
    return 0;
  *out = (int64_t)number;
  return 1;
#endif
}

static int64_t integer_at(lua_State *L, int index, int64_t low, int64_t high) {
  int64_t value = 0;
  if (!whole_at(L, index, &value))
    luaL_argerror(L, index, "not a whole number");
  if (value < low || value > high)
    luaL_argerror(L, index, "number out of range");
  return value;
}

static void push_integer(lua_State *L, int64_t value) {
  if ((lua_Integer)value == value)
    lua_pushinteger(L, (lua_Integer)value);
  else
    lua_pushnumber(L, (lua_Number)value);
}

static int truth_at(lua_State *L, int index) {
  if (!lua_isnil(L, index))
    luaL_checktype(L, index, LUA_TBOOLEAN);
  return lua_toboolean(L, index);
}

/* A string for C, NULL for nil. A NUL inside would hide what follows it from every check. */
static const char *text_at(lua_State *L, int index) {
  size_t size;
  const char *text;
  if (lua_isnil(L, index))
    return NULL;
  text = luaL_checklstring(L, index, &size);
  if (strlen(text) != size)
    luaL_argerror(L, index, "string contains a NUL byte");
  return text;
}
