/* How values cross between Lua and C. No pattern allocates outside Lua's own memory, so an error
 * raised anywhere in a wrapper leaks nothing; none is raised while a library function runs. */
%begin %{
#define _POSIX_C_SOURCE 200809L /* CLOCK_MONOTONIC */
#define SWIG_TYPE_TABLE rfctls  /* shared with no other SWIG module of the process */
%}

%insert("header") "lua/convert.c"
%insert("header") "lua/handle.c"
%insert("header") "lua/proxy.c"
%insert("header") "lua/scratch.c"
%insert("header") "lua/shapes.c"

/* native.socket_send, native.E_TIMEOUT */
%rename("%(strip:[rfctls_])s", %$isfunction) "";
%rename("%(strip:[RFCTLS_])s", %$isenumitem) "";

/* ---- numbers ---- */

%define %integer(TYPE, LOW, HIGH)
%typemap(in) TYPE %{ $1 = ($1_ltype)integer_at(L, $input, LOW, HIGH); %}
%typemap(out) TYPE %{ push_integer(L, (int64_t)$1); SWIG_arg++; %}
%enddef

%integer(int, INT_MIN, INT_MAX)
%integer(enum SWIGTYPE, INT_MIN, INT_MAX)
%integer(uint16_t, 0, UINT16_MAX)
%integer(uint32_t, 0, UINT32_MAX)
%integer(int64_t, INT64_MIN, INT64_MAX)
%integer(intptr_t, INTPTR_MIN, INTPTR_MAX)
%integer(size_t, 0, SIZE_HIGHEST)

/* The verdict on a certificate: only true is a yes, whatever else a program's function returned. */
%typemap(in) int accept %{ $1 = lua_isboolean(L, $input) && lua_toboolean(L, $input); %}

/* nil is no. */
%typemap(in) bool %{ $1 = truth_at(L, $input); %}
%typemap(out) bool %{ lua_pushboolean(L, $1); SWIG_arg++; %}

/* An extra result, told whether or not the call succeeded. */
%typemap(in, numinputs=0) size_t *sent (size_t count = 0), size_t *ready (size_t count = 0),
                          size_t *index (size_t count = 0)
%{ $1 = &count; %}
%typemap(argout) size_t *sent, size_t *ready, size_t *index
%{ push_integer(L, (int64_t)*$1); SWIG_arg++; %}

%typemap(in, numinputs=0) intptr_t *fd (intptr_t number = -1) %{ $1 = &number; %}
%typemap(argout) intptr_t *fd %{ push_integer(L, (int64_t)*$1); SWIG_arg++; %}

/* ---- text and bytes ---- */

%typemap(in) const char * %{ $1 = ($1_ltype)text_at(L, $input); %}
%typemap(out) const char * %{ lua_pushstring(L, $1); SWIG_arg++; %}

%typemap(in) (const void *data, size_t size)
%{ $1 = ($1_ltype)luaL_checklstring(L, $input, &$2); %}

%typemap(in) (const void *context, size_t context_size) %{
  $2 = 0;
  $1 = lua_isnil(L, $input) ? NULL : ($1_ltype)luaL_checklstring(L, $input, &$2);
%}

/* What came is there beside any status: recv_all may fail behind it. */
%typemap(in) (void *buffer, size_t capacity, size_t *received) (size_t count = 0) %{
  $2 = (size_t)integer_at(L, $input, 0, SIZE_HIGHEST);
  $1 = scratch_of(L, &$2);
  $3 = &count;
%}
%typemap(argout) (void *buffer, size_t capacity, size_t *received) %{
  if (result == RFCTLS_OK || *$3 > 0) lua_pushlstring(L, (const char *)$1, *$3);
  else lua_pushnil(L);
  SWIG_arg++;
%}

%apply (void *buffer, size_t capacity, size_t *received) { (void *made, size_t length, size_t *received) };

%typemap(in, numinputs=0) size_t *size (size_t count = 0) %{ $1 = &count; %}
%typemap(out) const void * ""
%typemap(argout) size_t *size %{
  if (result != NULL) lua_pushlstring(L, (const char *)result, *$1);
  else lua_pushnil(L);
  SWIG_arg++;
%}

/* ---- status: a number like any other; the facade makes words of it ---- */

%typemap(out) rfctls_status %{ push_integer(L, (int64_t)$1); SWIG_arg++; %}

/* ---- handles ---- */

%define %handle(NOUN)
%{
HANDLE_FINALISER(NOUN)
%}
%init %{
  handle_type(L, #NOUN, collect_##NOUN);
%}
%typemap(in) rfctls_##NOUN *, const rfctls_##NOUN *
%{ $1 = handle_at(L, $input, type_##NOUN)->pointer; %}
%enddef

/* The userdata is made after the arguments are read (by absolute index) and before the call, so that
 * nothing can be lost for want of memory after it. WEIGHT is what the object weighs in kilobytes that
 * Lua does not see, told to the collector so that dropped ones do not pile up. */
%define %owned(NOUN, PARAMETER, WEIGHT)
%typemap(in, numinputs=0) rfctls_##NOUN **PARAMETER
                          (rfctls_##NOUN *made = NULL, handle *owned, int place)
%{ $1 = &made; %}
%typemap(check) rfctls_##NOUN **PARAMETER %{
  tell_weight(L, WEIGHT);
  owned$argnum = handle_new(L, type_##NOUN);
  place$argnum = lua_gettop(L);
%}
%typemap(argout) rfctls_##NOUN **PARAMETER %{
  owned$argnum->pointer = made$argnum;
  if (made$argnum != NULL) lua_pushvalue(L, place$argnum);
  else lua_pushnil(L);
  SWIG_arg++;
%}
%enddef

/* A borrowed handle gets a reference of its own. */
%define %borrowed(NOUN)
%typemap(out) rfctls_##NOUN * %{
  if ($1 != NULL) handle_new(L, type_##NOUN)->pointer = rfctls_##NOUN##_ref($1);
  else lua_pushnil(L);
  SWIG_arg++;
%}
%enddef

%handle(cert)
%handle(chain)
%handle(key)
%handle(config)
%handle(address)
%handle(addresses)
%handle(raw)
%handle(socket)
%handle(stream)
%handle(session)
%handle(pollset)

%owned(cert, out, 0)
%owned(chain, out, 0)
%owned(chain, chain, 0)
%owned(key, out, 0)
%owned(key, key, 0)
%owned(config, out, 0)
%owned(address, out, 0)
%owned(addresses, out, 0)
%owned(raw, out, 16)
%owned(socket, out, 16)
%owned(stream, out, 0)
%owned(session, out, 0)
%owned(pollset, out, 0)

%borrowed(cert)
%borrowed(chain)
%borrowed(address)
%borrowed(raw)

/* nil is "none" where the C function takes NULL for an answer. */
%define %optional(NOUN)
%typemap(in) rfctls_##NOUN *NOUN
%{ $1 = lua_isnil(L, $input) ? NULL : handle_at(L, $input, type_##NOUN)->pointer; %}
%enddef
%optional(chain)
%optional(key)

/* ---- made for Lua ---- */

%define %shapes(NOUN)
rfctls_status rfctls_##NOUN##_send_range(rfctls_##NOUN *noun, uint32_t flags, const void *data,
                                         size_t size, size_t start, size_t count, size_t *sent);
rfctls_status rfctls_##NOUN##_recv_all(rfctls_##NOUN *noun, uint32_t flags, void *buffer,
                                       size_t capacity, size_t *received);
rfctls_status rfctls_##NOUN##_recv_line(rfctls_##NOUN *noun, uint32_t flags, void *buffer,
                                        size_t capacity, size_t *received);
%enddef
%shapes(socket)
%shapes(raw)
int64_t rfctls_clock(void);
%native(proxy) int new_proxy(lua_State *L);
