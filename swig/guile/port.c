/* The port type of TLS sockets: four Scheme procedures below Guile's buffers. Unlike R6RS custom
 * ports it reads what is there into a large buffer and yet writes at once. */

enum { PORT_READ, PORT_WRITE, PORT_READY, PORT_CLOSE, PORT_PROCEDURES };

static scm_t_port_type *port_type;

static SCM port_procedure(SCM port, size_t which) {
  return scm_c_vector_ref(SCM_PACK(SCM_STREAM(port)), which);
}

static size_t port_move(SCM procedure, SCM bytes, size_t start, size_t count) {
  return scm_to_size_t(
      scm_call_3(procedure, bytes, scm_from_size_t(start), scm_from_size_t(count)));
}

static size_t port_read(SCM port, SCM bytes, size_t start, size_t count) {
  return port_move(port_procedure(port, PORT_READ), bytes, start, count);
}

static size_t port_write(SCM port, SCM bytes, size_t start, size_t count) {
  return port_move(port_procedure(port, PORT_WRITE), bytes, start, count);
}

static int port_ready(SCM port) {
  return scm_is_true(scm_call_0(port_procedure(port, PORT_READY)));
}

static void port_close(SCM port) {
  scm_call_0(port_procedure(port, PORT_CLOSE));
}

/* One TLS record of reading (RFC 8446 section 5.1), and writes that need no flush. */
static void port_buffer_sizes(SCM port, size_t *read_size, size_t *write_size) {
  (void)port;
  *read_size = 16384;
  *write_size = 1;
}

static void port_init(void) {
  port_type = scm_make_port_type((char *)"tls", port_read, port_write);
  scm_set_port_input_waiting(port_type, port_ready);
  scm_set_port_close(port_type, port_close);
  scm_set_port_get_natural_buffer_sizes(port_type, port_buffer_sizes);
}

/* mode is "r", "w" or "r+". */
static SCM rfctls_make_port(const char *mode, SCM read, SCM write, SCM ready, SCM close) {
  SCM procedures = scm_c_make_vector(PORT_PROCEDURES, SCM_BOOL_F);
  scm_c_vector_set_x(procedures, PORT_READ, read);
  scm_c_vector_set_x(procedures, PORT_WRITE, write);
  scm_c_vector_set_x(procedures, PORT_READY, ready);
  scm_c_vector_set_x(procedures, PORT_CLOSE, close);
  return scm_c_make_port_with_encoding(port_type, scm_mode_bits((char *)mode),
                                       scm_from_utf8_symbol("ISO-8859-1"),
                                       scm_from_utf8_symbol("error"), SCM_UNPACK(procedures));
}
