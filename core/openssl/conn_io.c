/* The data of a connection, its end, and new keys: see conn.h. */
#include "openssl/conn.h"

/* So that `out` grows once a step, not once a record. */
static rfctls_status reserve_records(rfctls__buffer *out, size_t size) {
  uint8_t *room;
  size_t records = size / SSL3_RT_MAX_PLAIN_LENGTH + 1;
  return rfctls__buffer_reserve(out, size + records * SSL3_RT_MAX_ENCRYPTED_OVERHEAD, &room);
}

rfctls_status rfctls__conn_encrypt(rfctls__conn *conn, const void *data, size_t size, size_t *taken,
                                   rfctls__buffer *in, rfctls__buffer *out) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  size_t part = size < RFCTLS__STEP ? size : RFCTLS__STEP;
  *taken = 0;
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  if (part == 0) {
    return RFCTLS_OK;
  }
  rfctls__conn_enter(conn, in, out, &callers);
  status = reserve_records(out, part);
  if (status == RFCTLS_OK) {
    status = rfctls__conn_result(conn, SSL_write_ex(conn->ssl, data, part, taken));
  }
  return rfctls__conn_leave(conn, &callers, status);
}

/* Whether SSL_read_ex has anything to work on. Without that it would only allocate and free a
 * record buffer on its way to WANT_READ. */
static int may_read(const rfctls__conn *conn, const rfctls__buffer *in) {
  return rfctls__buffer_size(in) > 0 || SSL_pending(conn->ssl) > 0 ||
         (SSL_get_shutdown(conn->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

/* Data came before a failure: the data is this call's, the failure the next one's. An end or a want
 * needs no memory of ours, OpenSSL tells it again. */
static void postpone(rfctls__conn *conn, rfctls_status status) {
  if (status < 0) {
    rfctls__conn_keep_failure(conn);
    rfctls__error_clear();
  }
}

rfctls_status rfctls__conn_decrypt(rfctls__conn *conn, rfctls__buffer *in, void *buffer,
                                   size_t room, size_t *given, rfctls__buffer *out) {
  rfctls__openssl_errors callers;
  rfctls_status status = RFCTLS_OK;
  int more = 1;
  *given = 0;
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  if (!may_read(conn, in)) {
    return RFCTLS_WANT_READ;
  }
  rfctls__conn_enter(conn, in, out, &callers);
  while (more && *given < room && may_read(conn, in)) {
    size_t size = 0;
    more = SSL_read_ex(conn->ssl, (uint8_t *)buffer + *given, room - *given, &size);
    *given += size;
    status = rfctls__conn_result(conn, more);
  }
  if (*given > 0) {
    postpone(conn, status);
    status = RFCTLS_OK;
  }
  return rfctls__conn_leave(conn, &callers, status);
}

size_t rfctls__conn_pending(const rfctls__conn *conn) {
  return (size_t)SSL_pending(conn->ssl);
}

/* While half of a post-handshake message is there, OpenSSL begins nothing of our own: the message
 * comes first. */
static rfctls_status finish_message(const rfctls__conn *conn) {
  return SSL_in_init(conn->ssl) ? rfctls__conn_result(conn, SSL_do_handshake(conn->ssl))
                                : RFCTLS_OK;
}

/* One-way: the peer's close_notify is not waited for. */
rfctls_status rfctls__conn_close_notify(rfctls__conn *conn, rfctls__buffer *in,
                                        rfctls__buffer *out) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  if (!conn->established || (SSL_get_shutdown(conn->ssl) & SSL_SENT_SHUTDOWN) != 0) {
    return RFCTLS_OK;
  }
  rfctls__conn_enter(conn, in, out, &callers);
  status = finish_message(conn);
  if (status == RFCTLS_OK) {
    int said = SSL_shutdown(conn->ssl); /* 0: said, and the peer's is still to come */
    status = said < 0 ? rfctls__conn_result(conn, said) : RFCTLS_OK;
  }
  return rfctls__conn_leave(conn, &callers, status);
}

rfctls_status rfctls__conn_key_update(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  if (SSL_version(conn->ssl) != TLS1_3_VERSION) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "%s has no key update", SSL_get_version(conn->ssl));
  }
  rfctls__conn_enter(conn, in, out, &callers);
  status = finish_message(conn);
  if (status == RFCTLS_OK) {
    int begun = SSL_key_update(conn->ssl, SSL_KEY_UPDATE_REQUESTED);
    status = rfctls__conn_result(conn, begun == 1 ? SSL_do_handshake(conn->ssl) : begun);
  }
  return rfctls__conn_leave(conn, &callers, status);
}
