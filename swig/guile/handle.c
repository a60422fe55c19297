/* Handles: one smob type a noun. A handle owns one reference, which only its finaliser drops: that
 * neither sends nor waits, on whatever thread the collector runs it. A socket's handle, plain or TLS, is
 * also what programs call a socket, so it has room for what the facade remembers of it. */
#include <libguile.h>
#include <string.h>

/* What a socket weighs outside the collector's sight. Telling it makes dropped sockets, and their
 * descriptors, go in good time. */
#define SOCKET_WEIGHT ((size_t)16 * 1024)

#define HANDLE(noun)                               \
  static scm_t_bits noun##_tag;                    \
  static size_t noun##_free(SCM handle) {          \
    noun##_unref((noun *)SCM_SMOB_DATA(handle));   \
    SCM_SET_SMOB_DATA(handle, 0);                  \
    return 0;                                      \
  }                                                \
  static int noun##_p(SCM object) {                \
    return SCM_SMOB_PREDICATE(noun##_tag, object); \
  }

HANDLE(rfctls_cert)
HANDLE(rfctls_chain)
HANDLE(rfctls_key)
HANDLE(rfctls_config)
HANDLE(rfctls_address)
HANDLE(rfctls_addresses)
HANDLE(rfctls_raw)
HANDLE(rfctls_socket)
HANDLE(rfctls_stream)
HANDLE(rfctls_session)
HANDLE(rfctls_pollset)

static void handle_type(scm_t_bits *tag, const char *name, size_t (*release)(SCM)) {
  *tag = scm_make_smob_type(name, 0);
  scm_set_smob_free(*tag, release);
}

static void handle_init(void) {
  handle_type(&rfctls_cert_tag, "x509-certificate", rfctls_cert_free);
  handle_type(&rfctls_chain_tag, "x509-chain", rfctls_chain_free);
  handle_type(&rfctls_key_tag, "private-key", rfctls_key_free);
  handle_type(&rfctls_config_tag, "tls-config", rfctls_config_free);
  handle_type(&rfctls_address_tag, "address", rfctls_address_free);
  handle_type(&rfctls_addresses_tag, "addresses", rfctls_addresses_free);
  handle_type(&rfctls_raw_tag, "raw-socket", rfctls_raw_free);
  handle_type(&rfctls_socket_tag, "tls-socket", rfctls_socket_free);
  handle_type(&rfctls_stream_tag, "tls-stream", rfctls_stream_free);
  handle_type(&rfctls_session_tag, "session", rfctls_session_free);
  handle_type(&rfctls_pollset_tag, "pollset", rfctls_pollset_free);
}

/* Takes over the reference; #f for NULL. */
static SCM handle_new(scm_t_bits tag, void *pointer) {
  if (pointer == NULL)
    return SCM_BOOL_F;
  if (tag == rfctls_socket_tag || tag == rfctls_raw_tag)
    scm_gc_register_allocation(SOCKET_WEIGHT);
  return scm_new_double_smob(tag, (scm_t_bits)pointer, SCM_UNPACK(SCM_BOOL_F), 0);
}

static void *handle_in(SCM handle, scm_t_bits tag, int position, const char *procedure) {
  if (!SCM_SMOB_PREDICATE(tag, handle))
    scm_wrong_type_arg(procedure, position, handle);
  return (void *)SCM_SMOB_DATA(handle);
}
