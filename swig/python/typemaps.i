/* Python's side of the interface: flat functions over rfctls.native.Handle.
 *
 * A function that may be unfinished returns (status, value), status 0 or RFCTLS_WANT_*; any other
 * returns its outputs alone. RFCTLS_E_* raises. The arguments are checked here, so that no value of
 * any type can do more than raise TypeError or ValueError.
 *
 * stub="…" beside a typemap is the type that stub.py writes into native.pyi; unfinished="…" is the one
 * beside a status, where a value may be missing. */

%insert("header") "python/handle.c"
%insert("header") "python/convert.c"
%insert("header") "python/raise.c"
%insert("header") "python/receive.c"

/* Constants go into a table, from which module.c takes them. */
%typemap(constcode) int, enum SWIGTYPE ""
%typemap(consttab) int, enum SWIGTYPE "{0, \"$symname\", (long)($value), 0, NULL, NULL}"

/* ---- handles ---- */

%define %handle(noun)
%typemap(in, stub="Handle") noun *, const noun * {
  $1 = (noun *)handle_get(self, $input, &noun##_kind, "$1_name");
  if (!$1) SWIG_fail;
}
%typemap(in, numinputs=0) noun **OUTPUT (noun *made = NULL) {
  $1 = &made;
}
%typemap(argout, stub="Handle", unfinished="Handle | None") noun **OUTPUT {
  $result = result_with($result, handle_new(self, &noun##_kind, *$1));
}
%apply noun **OUTPUT { noun **out, noun **chain, noun **key };
%enddef

/* A handle that a getter lends gets a reference of its own. */
%define %lent(noun)
%typemap(out, stub="Handle") noun * {
  $result = handle_new(self, &noun##_kind, noun##_ref($1));
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

/* ---- statuses ---- */

%typemap(out, stub="None") rfctls_status {
  if ($1 < 0) {
    raise_error(self, $1, 0);
    SWIG_fail;
  }
  $result = NULL;
}
%typemap(ret) rfctls_status {
  if (PyErr_Occurred()) {
    Py_CLEAR($result);
  } else if (!$result) {
    Py_INCREF(Py_None);
    $result = Py_None;
  }
}

%typemap(out, stub="None", unfinished="1")
              rfctls_status rfctls_socket_accept, rfctls_status rfctls_socket_handshake,
              rfctls_status rfctls_socket_finish_connect, rfctls_status rfctls_raw_finish_connect,
              rfctls_status rfctls_socket_recv_into, rfctls_status rfctls_socket_recv_bytes,
              rfctls_status rfctls_socket_shutdown, rfctls_status rfctls_socket_close,
              rfctls_status rfctls_socket_unwrap, rfctls_status rfctls_socket_key_update,
              rfctls_status rfctls_raw_accept, rfctls_status rfctls_raw_recv,
              rfctls_status rfctls_raw_drain, rfctls_status rfctls_raw_drain_bytes,
              rfctls_status rfctls_stream_read,
              rfctls_status rfctls_stream_read_line, rfctls_status rfctls_stream_read_all,
              rfctls_status rfctls_stream_flush, rfctls_status rfctls_stream_close {
  if ($1 < 0) {
    raise_error(self, $1, 0);
    SWIG_fail;
  }
  $result = verb_result($1);
}
/* The count goes into the exception, too: its argout raises. */
%typemap(out, stub="None", unfinished="1")
              rfctls_status rfctls_socket_send, rfctls_status rfctls_raw_send,
              rfctls_status rfctls_stream_write {
  $result = NULL;
}
%typemap(out, stub="int") rfctls_status rfctls_error_status {
  $result = PyLong_FromLong((long)$1);
}

/* ---- numbers ---- */

%define %named_number(type, name, low, high)
%typemap(in, stub="int") type (long long value) {
  if (number_in($input, name, low, high, &value) < 0) SWIG_fail;
  $1 = ($1_ltype)value;
}
%enddef

%define %number(type, low, high)
%named_number(type, "$1_name", low, high)
%enddef

/* The verdict on a certificate: only True is a yes, whatever else a program's function returned. */
%typemap(in, stub="object") int accept "$1 = $input == Py_True;"

/* A switch that a program gave: a word or a number may mean the contrary. */
%typemap(in, stub="bool") bool {
  if (truth_in($input, name_of("$symname", "$1_name"), &$1) < 0) SWIG_fail;
}
%typemap(out, stub="bool") bool "$result = PyBool_FromLong($1);"

%number(int, INT_MIN, INT_MAX)
%number(uint16_t, 0, UINT16_MAX)
%number(uint32_t, 0, UINT32_MAX)
%number(int64_t, INT64_MIN, INT64_MAX)
%named_number(rfctls_family, "ip_version", INT_MIN, INT_MAX)
%named_number(intptr_t fd, "sock", INTPTR_MIN, INTPTR_MAX)
%number(enum SWIGTYPE, INT_MIN, INT_MAX)

%typemap(in, stub="int") size_t {
  if (size_in($input, "$1_name", &$1) < 0) SWIG_fail;
}
%typemap(out, stub="int") int, int64_t, intptr_t, enum SWIGTYPE
  "$result = PyLong_FromLongLong((long long)$1);"
%typemap(out, stub="int") uint16_t, uint32_t, size_t
  "$result = PyLong_FromUnsignedLongLong((unsigned long long)$1);"

/* ---- text ---- */

%define %text_in(parameter, name)
%typemap(in, stub="str") const char *parameter {
  $1 = (char *)text_in($input, name);
  if (!$1) SWIG_fail;
}
%enddef

/* rfctls_socket_listen, rfctls_socket_set_peer and rfctls_addresses_resolve take NULL for one of
 * these; the others answer E_ARGUMENT. */
%define %text_or_none_in(parameter, name)
%typemap(in, stub="str | None") const char *parameter {
  $1 = NULL;
  if ($input != Py_None && !($1 = (char *)text_in($input, name))) SWIG_fail;
}
%enddef

%text_in(, name_of("$symname", "$1_name"))
%text_in(type, "cb_type")
%text_or_none_in(node, "host")
%text_or_none_in(service, "port")
%text_or_none_in(alias, "alias")
%typemap(in, stub="str | bytes | None") const char *passphrase {
  $1 = NULL;
  if ($input != Py_None && !($1 = (char *)text_or_bytes_in($input, "$1_name"))) SWIG_fail;
}
%typemap(in, stub="str | PathLike[str]") const char *path (PyObject *encoded = NULL) {
  $1 = (char *)path_in($input, name_of("$symname", "$1_name"), &encoded);
  if (!$1) SWIG_fail;
}
%typemap(freearg) const char *path "Py_XDECREF(encoded$argnum);"
%typemap(freearg) const char *, const char *passphrase ""
%typemap(out, stub="str") const char * "$result = text_out($1);"

/* ---- bytes ---- */

%typemap(in, stub="Buffer") (const void *data, size_t size) (Py_buffer view = {NULL}) {
  if (buffer_in($input, "data", 0, &view) < 0) SWIG_fail;
  $1 = view.buf;
  $2 = (size_t)view.len;
}
%typemap(freearg) (const void *data, size_t size) "PyBuffer_Release(&view$argnum);"

%typemap(in, stub="Buffer | None") (const void *context, size_t context_size)
             (Py_buffer view = {NULL}) {
  if ($input != Py_None && buffer_in($input, "context", 0, &view) < 0) SWIG_fail;
  $1 = view.buf;
  $2 = (size_t)view.len;
}
%typemap(freearg) (const void *context, size_t context_size) "PyBuffer_Release(&view$argnum);"

%typemap(in, stub="Buffer") (void *buffer, size_t capacity, size_t *received)
             (Py_buffer view = {NULL}, size_t count = 0) {
  if (buffer_in($input, "buffer", 1, &view) < 0) SWIG_fail;
  $1 = view.buf;
  $2 = (size_t)view.len;
  $3 = &count;
}
%typemap(argout, stub="int") (void *buffer, size_t capacity, size_t *received)
  "$result = result_with($result, PyLong_FromSize_t(*$3));"
%typemap(freearg) (void *buffer, size_t capacity, size_t *received)
  "PyBuffer_Release(&view$argnum);"

%typemap(in, stub="int") (void *made, size_t length, size_t *received)
             (PyObject *room = NULL, size_t count = 0) {
  if (length_in($input, "length", RFCTLS_LIMIT_KEY, &$2) < 0) SWIG_fail;
  room = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)$2);
  if (!room) SWIG_fail;
  $1 = PyBytes_AsString(room);
  $3 = &count;
}
%typemap(argout, stub="bytes") (void *made, size_t length, size_t *received)
  "$result = result_with($result, PyBytes_FromStringAndSize($1, (Py_ssize_t)*$3));"
%typemap(freearg) (void *made, size_t length, size_t *received) "Py_XDECREF(room$argnum);"

%typemap(in, numinputs=0) PyObject **bytes (PyObject *made = NULL) "$1 = &made;"
%typemap(argout, stub="bytes", unfinished="bytes | None") PyObject **bytes {
  if (*$1) $result = result_with($result, *$1);
}

%typemap(in, numinputs=0) size_t *size (size_t count = 0) "$1 = &count;"
%typemap(out) const void * "$result = NULL;"
%typemap(argout, stub="bytes") size_t *size {
  if (result) {
    $result = PyBytes_FromStringAndSize((const char *)result, (Py_ssize_t)*$1);
  } else {
    Py_INCREF(Py_None);
    $result = Py_None;
  }
}

/* What has no more than a NULL to tell answers None. */
%define %or_none(name, type)
%feature("stub", type " | None") name;
%enddef

%or_none(rfctls_socket_cipher, "str")
%or_none(rfctls_socket_group, "str")
%or_none(rfctls_socket_protocol, "str")
%or_none(rfctls_socket_server_name, "str")
%or_none(rfctls_socket_node, "str")
%or_none(rfctls_socket_service, "str")
%or_none(rfctls_socket_finding_cert, "Handle")
%or_none(rfctls_socket_peer_cert, "Handle")
%or_none(rfctls_socket_peer_chain, "Handle")
%or_none(rfctls_socket_raw, "Handle")
%or_none(rfctls_tls_version_name, "Literal[\"TLSv1\", \"TLSv1.1\", \"TLSv1.2\", \"TLSv1.3\"]")

/* ---- counts ---- */

%typemap(in, numinputs=0) size_t *COUNT (size_t count = 0) "$1 = &count;"
%typemap(argout, stub="int") size_t *COUNT
  "$result = result_with($result, PyLong_FromSize_t(*$1));"
%apply size_t *COUNT { size_t *ready, size_t *index, size_t *sent };
%typemap(argout, stub="int") size_t *sent {
  if (result < 0) {
    raise_error(self, result, *$1);
    SWIG_fail;
  }
  $result = result_with(verb_result(result), PyLong_FromSize_t(*$1));
}

%typemap(in, numinputs=0) intptr_t *fd (intptr_t number = -1) "$1 = &number;"
%typemap(argout, stub="int") intptr_t *fd
  "$result = result_with($result, PyLong_FromSsize_t(*$1));"

/* ---- the interpreter's lock ---- */

/* Given up in what waits for others, reads files, or works for more than some microseconds. Kept in
 * all else: giving it up costs little, but to get it back from a busy thread may take 5 ms. */
%define %unlocked(name)
%exception name {
  Py_BEGIN_ALLOW_THREADS
  $action
  Py_END_ALLOW_THREADS
}
%enddef

%unlocked(rfctls_addresses_resolve)
%unlocked(rfctls_chain_load)
%unlocked(rfctls_chain_from_file)
%unlocked(rfctls_key_load)
%unlocked(rfctls_key_from_file)
%unlocked(rfctls_identity_load)
%unlocked(rfctls_identity_from_file)
%unlocked(rfctls_identity_self_signed)
%unlocked(rfctls_raw_connect)
%unlocked(rfctls_raw_connect_unix)
%unlocked(rfctls_raw_finish_connect)
%unlocked(rfctls_raw_accept)
%unlocked(rfctls_raw_send)
%unlocked(rfctls_raw_recv)
%unlocked(rfctls_socket_connect)
%unlocked(rfctls_socket_listen)
%unlocked(rfctls_socket_wrap)
%unlocked(rfctls_socket_handshake)
%unlocked(rfctls_socket_wait)
%unlocked(rfctls_stream_read)
%unlocked(rfctls_stream_read_line)
%unlocked(rfctls_stream_read_all)
%unlocked(rfctls_stream_write)
%unlocked(rfctls_stream_flush)
%unlocked(rfctls_stream_close)
%unlocked(rfctls_pollset_wait)

%define %unlocked_if_large(name, size)
%exception name {
  PyThreadState *unlocked = size > KEEP_LOCKED ? PyEval_SaveThread() : NULL;
  $action
  if (unlocked) PyEval_RestoreThread(unlocked);
}
%enddef

%unlocked_if_large(rfctls_socket_send, arg4)

/* ---- what only Python has ---- */

%ignore rfctls_socket_recv;
rfctls_status rfctls_socket_recv_into(rfctls_socket *socket, uint32_t flags, int64_t patience,
                                      void *buffer, size_t capacity, size_t *received);
rfctls_status rfctls_socket_recv_bytes(rfctls_socket *socket, uint32_t flags, int64_t patience,
                                       size_t bufsize, PyObject **bytes);
rfctls_status rfctls_raw_drain_bytes(rfctls_raw *raw, size_t size, PyObject **bytes);

%typemap(in, numinputs=0) PyObject *module "$1 = self;"
%typemap(in, stub="Callable[[str, str, int, dict[str, Any]], BaseException]")
             PyObject *factory "$1 = $input;"

%inline %{
/* rfctls_socket_answer_identity for "none". */
static rfctls_status rfctls_socket_answer_no_identity(rfctls_socket *socket) {
  return rfctls_socket_answer_identity(socket, NULL, NULL);
}

/* Called with (status, message, system code, attributes); its answer is raised. See raise.c. */
static rfctls_status set_error_factory(PyObject *module, PyObject *factory) {
  return PyObject_SetAttrString(module, error_factory, factory) == 0 ? RFCTLS_OK : RFCTLS_E_MEMORY;
}
%}
