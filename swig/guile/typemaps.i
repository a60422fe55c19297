/* Guile's side of the interface: (rfc tls native).
 *
 * A function that returns a status answers its output, or #t if it has none; a symbol (want-read,
 * want-write, want-verify, want-identity) when it is unfinished; and calls the facade's failure
 * handler, which raises, when it failed. Values of wrong types raise wrong-type-arg. */

/* All handles are types of our own. SWIG's, which programs of several SWIG modules share, would load
 * GOOPS: half the time of an import. */
%header %{
#undef SWIG_GetModule
#undef SWIG_SetModule
#define SWIG_GetModule(clientdata) NULL
#define SWIG_SetModule(clientdata, module) (void)(module)
%}

%insert("header") "guile/handle.c"
%insert("header") "guile/convert.c"
%insert("header") "guile/raise.c"
%insert("header") "guile/extra.c"
%insert("header") "guile/away.c"
%insert("header") "guile/port.c"
%insert("header") "guile/wait.c"

/* A module that is loaded from source starts its extension twice, and one that is loaded again once more. There
 * are handles, ports and fork handlers from the first time by then, so their types are made once. */
%init %{
  static int begun;
  if (!begun) {
    begun = 1;
    handle_init();
    convert_init();
    raise_init();
    port_init();
    wait_init();
  }
%}

/* At expansion the compiler wants to know the names. A program that runs has them: its constants, which the rest
 * of the stub sets, must stay. */
%scheme %{
(eval-when (expand)
  (unless (defined? 'rfctls-clock)
    (load-extension "rfctls-native" "scm_init_rfc_tls_native_module")))
(load-extension "rfctls-native" "scm_init_rfc_tls_native_module")
%}

%feature("constasvar", "1");

/* ---- handles ---- */

%define %handle(noun)
%typemap(in) noun *, const noun * { $1 = handle_in($input, noun##_tag, $argnum, FUNC_NAME); }
%typemap(freearg) noun *, const noun * "scm_remember_upto_here_1($input);"
%typemap(in, numinputs=0) noun **OUTPUT (noun *made = NULL) "$1 = &made;"
%typemap(argout) noun **OUTPUT {
  if (result == RFCTLS_OK) gswig_result = output(gswig_result, handle_new(noun##_tag, *$1));
}
%apply noun **OUTPUT { noun **out, noun **chain, noun **key };
%apply bool { int noun##_p };
int noun##_p(SCM object);
%enddef

/* A handle that a getter lends gets a reference of its own. */
%define %lent(noun)
%typemap(out) noun * { $result = handle_new(noun##_tag, noun##_ref($1)); }
%enddef

/* #f is "none" where the C function takes NULL for an answer. */
%define %optional(noun, parameter)
%typemap(in) noun *parameter {
  $1 = scm_is_false($input) ? NULL : handle_in($input, noun##_tag, $argnum, FUNC_NAME);
}
%enddef

%handle(rfctls_cert)
%handle(rfctls_chain)
%handle(rfctls_key)
%handle(rfctls_config)
%handle(rfctls_address)
%handle(rfctls_addresses)
%handle(rfctls_raw)
%handle(rfctls_socket)
%handle(rfctls_stream)
%handle(rfctls_session)
%handle(rfctls_pollset)

%lent(rfctls_cert)
%lent(rfctls_chain)
%lent(rfctls_address)
%lent(rfctls_raw)

%optional(rfctls_chain, chain)
%optional(rfctls_key, key)

/* ---- statuses: symbols to Scheme, so that their numbers would only cost time at each import ---- */

%rename("$ignore", regextarget=1) "^RFCTLS_(E|REASON|WANT)_";
%rename("$ignore") RFCTLS_OK;

%typemap(in) rfctls_status "$1 = status_in($input, $argnum, FUNC_NAME);"
%typemap(out) rfctls_status "$result = status_out($1);"
%typemap(ret) rfctls_status {
  if ($1 < RFCTLS_OK) raise_failure($1, s_0, gswig_result);
}
%typemap(out) rfctls_status rfctls_error_status "$result = scm_from_int($1);"
%typemap(ret) rfctls_status rfctls_error_status ""

/* Whether there is something to try, or the time is over: #f is no failure for a loop. */
%typemap(out) rfctls_status rfctls_socket_wait "$result = scm_from_bool($1 == RFCTLS_OK);"
%typemap(ret) rfctls_status rfctls_socket_wait {
  if ($1 < RFCTLS_OK && $1 != RFCTLS_E_TIMEOUT) raise_failure($1, s_0, SCM_BOOL_T);
}

/* A connection that was cut is a symbol: what to do about it is the port's business. */
%typemap(out) rfctls_status rfctls_any_read
  "$result = is_cut(arg1, $1) ? scm_from_utf8_symbol(\"cut\") : status_out($1);"
%typemap(ret) rfctls_status rfctls_any_read {
  if ($1 < RFCTLS_OK && !is_cut(arg1, $1)) raise_failure($1, s_0, SCM_BOOL_T);
}

/* ---- text and bytes ---- */

%typemap(in) const char * "$1 = text_in($input, $argnum, FUNC_NAME);"
%typemap(freearg) const char * ""

%typemap(in) (const void *data, size_t size), (void *whole, size_t size)
  "$1 = bytes_in($input, &$2, $argnum, FUNC_NAME);"
%typemap(freearg) (const void *data, size_t size), (void *whole, size_t size)
  "scm_remember_upto_here_1($input);"

%typemap(in) (const void *context, size_t context_size) {
  $2 = 0;
  $1 = scm_is_false($input) ? NULL : bytes_in($input, &$2, $argnum, FUNC_NAME);
}
%typemap(freearg) (const void *context, size_t context_size) "scm_remember_upto_here_1($input);"

%typemap(in) (void *buffer, size_t capacity, size_t *received) (size_t count = 0) {
  $1 = bytes_in($input, &$2, $argnum, FUNC_NAME);
  $3 = &count;
}
%typemap(argout) (void *buffer, size_t capacity, size_t *received) {
  if (result == RFCTLS_OK) gswig_result = scm_from_size_t(*$3);
}
%typemap(freearg) (void *buffer, size_t capacity, size_t *received)
  "scm_remember_upto_here_1($input);"

%typemap(in) (void *made, size_t length, size_t *received) (SCM room, size_t count = 0) {
  room = scm_c_make_bytevector((size_t)whole_in($input, 1, RFCTLS_LIMIT_KEY, $argnum, FUNC_NAME));
  $1 = bytes_in(room, &$2, $argnum, FUNC_NAME);
  $3 = &count;
}
%typemap(argout) (void *made, size_t length, size_t *received) {
  if (result == RFCTLS_OK) gswig_result = bytes_out($1, *$3);
}
%typemap(freearg) (void *made, size_t length, size_t *received)
  "scm_remember_upto_here_1(room$argnum);"

%typemap(in, numinputs=0) SCM *made (SCM value = SCM_BOOL_F) "$1 = &value;"
%typemap(argout) SCM *made {
  if (result == RFCTLS_OK) gswig_result = *$1;
}

%typemap(in, numinputs=0) size_t *size (size_t count = 0) "$1 = &count;"
%typemap(out) const void * ""
%typemap(argout) size_t *size {
  gswig_result = result != NULL ? bytes_out(result, *$1) : SCM_BOOL_F;
}

/* ---- counts: of what failed, too, for the failure handler ---- */

%typemap(in, numinputs=0) size_t *sent (size_t count = 0), size_t *taken (size_t count = 0),
                          size_t *ready (size_t count = 0), size_t *index (size_t count = 0)
  "$1 = &count;"
%typemap(argout) size_t *sent, size_t *taken, size_t *ready, size_t *index {
  if (result <= RFCTLS_OK) gswig_result = scm_from_size_t(*$1);
}

%typemap(in, numinputs=0) size_t *got (size_t count = 0) "$1 = &count;"
%typemap(argout) size_t *got {
  if (result == RFCTLS_OK) gswig_result = scm_from_size_t(*$1);
}

%typemap(in, numinputs=0) intptr_t *fd (intptr_t number = -1) "$1 = &number;"
%typemap(argout) intptr_t *fd {
  if (result == RFCTLS_OK) gswig_result = scm_from_intptr_t(*$1);
}

/* ---- numbers ---- */

%define %whole(least, most, types...)
%typemap(in) types "$1 = ($1_ltype)whole_in($input, least, most, $argnum, FUNC_NAME);"
%enddef

%whole(INT_MIN, INT_MAX, int, enum SWIGTYPE)
%whole(0, UINT16_MAX, uint16_t)
%whole(0, UINT32_MAX, uint32_t)
%whole(INT64_MIN, INT64_MAX, int64_t)
%whole(INTPTR_MIN, INTPTR_MAX, intptr_t)
%whole(0, PTRDIFF_MAX, size_t)

/* ---- truth ---- */

/* The verdict on a certificate: only #t is a yes, whatever else a program's procedure answered. */
%typemap(in) int accept "$1 = scm_is_eq($input, SCM_BOOL_T);"

%apply bool { int closes, int rfctls_any_is_closed };

/* ---- what waits, outside Guile mode ---- */

%define %away(function, arguments...)
%exception function {
  struct function##_call call = {arguments, RFCTLS_OK};
  scm_without_guile(function##_run, &call);
  result = call.status;
}
%enddef

%away(rfctls_addresses_resolve, arg1, arg2, arg3, arg4, arg5)
%away(rfctls_raw_connect_unix, arg1, arg2, arg3)
%away(rfctls_raw_accept, arg1, arg2)
%away(rfctls_raw_send, arg1, arg2, arg3, arg4, arg5)
%away(rfctls_raw_recv, arg1, arg2, arg3, arg4, arg5)
%away(rfctls_socket_connect, arg1, arg2, arg3, arg4)
%away(rfctls_socket_listen, arg1, arg2, arg3, arg4)
%away(rfctls_socket_wait, arg1, arg2, arg3)
%away(rfctls_stream_read, arg1, arg2, arg3, arg4)
%away(rfctls_stream_read_line, arg1, arg2, arg3, arg4)
%away(rfctls_stream_read_all, arg1, arg2, arg3, arg4)
%away(rfctls_stream_write, arg1, arg2, arg3, arg4)
%away(rfctls_stream_flush, arg1)
%away(rfctls_stream_close, arg1)
%away(rfctls_pollset_wait, arg1, arg2, arg3)

/* ---- what only Guile has ---- */

/* A plain or a TLS socket. */
%typemap(in) any_socket "$1 = any_in($input, $argnum, FUNC_NAME);"
%typemap(freearg) any_socket "scm_remember_upto_here_1($input);"

rfctls_status rfctls_any_send(any_socket any, const void *data, size_t size, size_t start,
                              size_t count, size_t *sent);
rfctls_status rfctls_any_recv(any_socket any, uint32_t flags, void *whole, size_t size, size_t start,
                              size_t count, size_t *taken);
rfctls_status rfctls_any_read(any_socket any, void *whole, size_t size, size_t start, size_t count,
                              size_t *got);
rfctls_status rfctls_any_recv_bytes(any_socket any, uint32_t flags, size_t capacity, SCM *made);
rfctls_status rfctls_any_finish_connect(any_socket any);
rfctls_status rfctls_any_accept(any_socket any, SCM *made);
rfctls_status rfctls_any_shutdown(any_socket any, rfctls_how how);
rfctls_status rfctls_any_close(any_socket any);
int rfctls_any_is_closed(any_socket any);
rfctls_status rfctls_any_local_address(any_socket any, rfctls_address **out);
rfctls_status rfctls_any_peer_address(any_socket any, rfctls_address **out);
rfctls_status rfctls_any_join(rfctls_pollset *pollset, any_socket any, uint32_t events, size_t *index);
rfctls_status rfctls_any_wait(any_socket any, rfctls_status want, int64_t timeout_ms);
rfctls_status rfctls_any_wait_many(rfctls_pollset *pollset, int64_t timeout_ms);
uint32_t rfctls_any_wait_events(any_socket any, rfctls_status want);
int64_t rfctls_any_wait_timeout(any_socket any);
intptr_t rfctls_any_wait_fd(any_socket any);
int64_t rfctls_clock(void);
/* One value that belongs to the socket and goes with it. */
SCM rfctls_any_facade(SCM socket);
void rfctls_any_set_facade(SCM socket, SCM facade);
SCM rfctls_socket_class(void);
/* Called with (status message origin system-code engine-code alert depth reason count argument);
 * must not return. */
void rfctls_set_failure_handler(SCM procedure);
/* A port over a socket; closes: closing or dropping it closes the socket. */
SCM rfctls_make_port(const char *mode, SCM socket, int closes);
SCM rfctls_port_socket(SCM port);
/* Four procedures: read and write, called with port, bytevector, start and count, which answer a count and
 * may suspend; whether reading a socket would not wait; and close a socket, which must not suspend. */
void rfctls_set_port_procedures(SCM read, SCM write, SCM ready, SCM closes_here);
/* For the current-read-waiter of whatever schedules: a port that is readable on the events, or after some
 * milliseconds (-1: never), or when it is woken. */
SCM rfctls_make_watch(intptr_t fd, uint32_t events, int64_t milliseconds);
void rfctls_watch_wake(SCM port);
