/* The data of a connection, and its end: see conn.h. SSPI gets one record at a time, so that what lies behind it
 * stays in `in`. */
#include "schannel/conn.h"

#include <string.h>

#include "schannel/failure.h"
#include "schannel/token.h"

/* ---- sending ---- */

/* One record at the tail of out. */
static rfctls_status seal(rfctls__conn *conn, const uint8_t *data, size_t size,
                          rfctls__buffer *out) {
  const SecPkgContext_StreamSizes *sizes = &conn->sizes;
  uint8_t *room;
  SECURITY_STATUS code;
  rfctls_status status =
      rfctls__buffer_reserve(out, sizes->cbHeader + size + sizes->cbTrailer, &room);
  if (status != RFCTLS_OK) {
    return status;
  }
  SecBuffer parts[4] = {
      {sizes->cbHeader, SECBUFFER_STREAM_HEADER, room},
      {(unsigned long)size, SECBUFFER_DATA, room + sizes->cbHeader},
      {sizes->cbTrailer, SECBUFFER_STREAM_TRAILER, room + sizes->cbHeader + size},
      {0, SECBUFFER_EMPTY, NULL},
  };
  SecBufferDesc desc = {SECBUFFER_VERSION, 4, parts};
  memcpy(room + sizes->cbHeader, data, size);
  code = EncryptMessage(&conn->handle, 0, &desc, 0);
  if (code != SEC_E_OK) {
    return rfctls__schannel_fail(RFCTLS_E_INTERNAL, code, "SChannel does not encrypt");
  }
  rfctls__buffer_commit(out, parts[0].cbBuffer + parts[1].cbBuffer + parts[2].cbBuffer);
  return RFCTLS_OK;
}

static rfctls_status encrypt(rfctls__conn *conn, const uint8_t *data, size_t size, size_t *taken,
                             rfctls__buffer *out) {
  rfctls_status status = RFCTLS_OK;
  size_t done = 0;
  while (status == RFCTLS_OK && done < size) {
    size_t most = conn->sizes.cbMaximumMessage, left = size - done;
    size_t part = left < most ? left : most;
    status = seal(conn, data + done, part, out);
    done += part;
  }
  *taken = status == RFCTLS_OK ? size : 0;
  return status;
}

rfctls_status rfctls__conn_encrypt(rfctls__conn *conn, const void *data, size_t size, size_t *taken,
                                   rfctls__buffer *in, rfctls__buffer *out) {
  (void)in;
  *taken = 0;
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  return rfctls__conn_leave(
      conn, encrypt(conn, data, size < RFCTLS__STEP ? size : RFCTLS__STEP, taken, out));
}

/* ---- receiving ---- */

/* Plaintext for the caller's room, and what does not fit for later. */
typedef struct delivery {
  uint8_t *room;
  size_t size;
  size_t given;
} delivery;

static rfctls_status deliver(rfctls__conn *conn, delivery *to, const uint8_t *data, size_t size) {
  size_t fits = to->size - to->given;
  fits = size < fits ? size : fits;
  if (fits > 0) {
    memcpy(to->room + to->given, data, fits);
    to->given += fits;
  }
  return rfctls__buffer_append(&conn->plain, data + fits, size - fits);
}

/* TLS 1.3: a ticket or new keys, which are SSPI's business; before that a new handshake, which is refused. */
static rfctls_status take_message(rfctls__conn *conn, rfctls__bytes message, rfctls__buffer *out) {
  size_t left = message.size;
  do {
    rfctls__bytes input = {message.data + (message.size - left), left};
    size_t before = left;
    SECURITY_STATUS code;
    if (conn->agreed.version < RFCTLS_TLS_1_3) {
      conn->refused_renegotiation = 1;
      return rfctls__fail_engine(RFCTLS_E_PROTOCOL, SEC_I_RENEGOTIATE, -1,
                                 "SChannel does not go on without it");
    }
    code = rfctls__token_step(conn, input, out, &left);
    if (code != SEC_E_OK && code != SEC_I_CONTINUE_NEEDED && code != SEC_E_INCOMPLETE_MESSAGE) {
      return rfctls__schannel_explain(code);
    }
    if (left >= before) {
      return RFCTLS_OK;
    }
  } while (left > 0);
  return RFCTLS_OK;
}

/* Wine tells neither the peer's close_notify nor its alerts (Windows: SEC_I_CONTEXT_EXPIRED). From outside
 * they are seen before TLS 1.3 by the record's type, and there by its size: what is as short and has
 * no data in it. */
static int holds_alert(const rfctls__conn *conn, rfctls__bytes record) {
  enum { SEALED_ALERT = RFCTLS__RECORD_HEADER + 2 + 1 + 16 };
  return record.data[0] == RFCTLS__RECORD_ALERT ||
         (conn->agreed.version == RFCTLS_TLS_1_3 && record.size == SEALED_ALERT &&
          rfctls__is_wine());
}

static rfctls_status fail_record(const rfctls__conn *conn, rfctls__bytes record,
                                 SECURITY_STATUS code) {
  return holds_alert(conn, record)
             ? rfctls__fail_engine(RFCTLS_E_ALERT, code, -1,
                                   "the peer sent an alert that SChannel does not tell")
             : rfctls__schannel_explain(code);
}

static const SecBuffer *find(const SecBuffer parts[4], unsigned long type) {
  for (int i = 0; i < 4; i++) {
    if (parts[i].BufferType == type) {
      return &parts[i];
    }
  }
  return NULL;
}

/* What SSPI made of records in `in`, which it decrypted in place; code is no failure. */
static rfctls_status take_parts(rfctls__conn *conn, SECURITY_STATUS code, const SecBuffer parts[4],
                                rfctls__bytes record, delivery *to, rfctls__buffer *out) {
  const SecBuffer *data = find(parts, SECBUFFER_DATA), *extra = find(parts, SECBUFFER_EXTRA);
  rfctls_status status = RFCTLS_OK;
  if (data != NULL && data->cbBuffer > 0) {
    status = deliver(conn, to, data->pvBuffer, data->cbBuffer);
  } else if (code == SEC_I_CONTEXT_EXPIRED ||
             (code == SEC_E_OK && rfctls__is_wine() && holds_alert(conn, record))) {
    conn->ended = 1;
  }
  if (status == RFCTLS_OK && code == SEC_I_RENEGOTIATE) {
    rfctls__bytes message = {NULL, 0};
    if (extra != NULL) {
      message = (rfctls__bytes){record.data + record.size - extra->cbBuffer, extra->cbBuffer};
    }
    status = take_message(conn, message, out);
  }
  return status;
}

static rfctls_status open_record(rfctls__conn *conn, rfctls__buffer *in, delivery *to,
                                 rfctls__buffer *out) {
  rfctls__bytes all = rfctls__buffer_bytes(in), next;
  rfctls_status status =
      rfctls__record_next((rfctls__bytes){all.data + conn->held, all.size - conn->held}, &next);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__bytes record = {all.data, conn->held + next.size};
  SecBuffer parts[4] = {{(unsigned long)record.size, SECBUFFER_DATA, (void *)record.data},
                        {0, SECBUFFER_EMPTY, NULL},
                        {0, SECBUFFER_EMPTY, NULL},
                        {0, SECBUFFER_EMPTY, NULL}};
  SecBufferDesc desc = {SECBUFFER_VERSION, 4, parts};
  SECURITY_STATUS code = DecryptMessage(&conn->handle, &desc, 0, NULL);
  if (code == SEC_E_INCOMPLETE_MESSAGE) {
    conn->held = record.size;
    return RFCTLS_OK;
  }
  if (code < 0) {
    return fail_record(conn, record, code);
  }
  status = take_parts(conn, code, parts, record, to, out);
  rfctls__buffer_consume(in, record.size);
  conn->held = 0;
  return status;
}

/* Data came before a failure: the data is this call's, the failure the next one's. */
static rfctls_status postpone(rfctls__conn *conn, rfctls_status status) {
  (void)rfctls__conn_leave(conn, status);
  rfctls__error_clear();
  return RFCTLS_OK;
}

rfctls_status rfctls__conn_decrypt(rfctls__conn *conn, rfctls__buffer *in, void *buffer,
                                   size_t room, size_t *given, rfctls__buffer *out) {
  delivery to = {buffer, room, 0};
  rfctls_status status = RFCTLS_OK;
  *given = 0;
  if (conn->failed && rfctls__buffer_size(&conn->plain) == 0) {
    return rfctls__error_restore(&conn->failure);
  }
  to.given = rfctls__buffer_take(&conn->plain, buffer, room);
  while (status == RFCTLS_OK && to.given < room && !conn->ended && !conn->failed) {
    status = open_record(conn, in, &to, out);
  }
  *given = to.given;
  if (to.given > 0) {
    return postpone(conn, status);
  }
  return rfctls__conn_leave(conn, status);
}

size_t rfctls__conn_pending(const rfctls__conn *conn) {
  return rfctls__buffer_size(&conn->plain);
}

/* ---- ending ---- */

rfctls_status rfctls__conn_close_notify(rfctls__conn *conn, rfctls__buffer *in,
                                        rfctls__buffer *out) {
  SECURITY_STATUS code;
  (void)in;
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  if (conn->stage != RFCTLS__ESTABLISHED || conn->sent_close_notify) {
    return RFCTLS_OK;
  }
  code = rfctls__token_shutdown(conn, out);
  conn->sent_close_notify = 1;
  return code >= 0
             ? RFCTLS_OK
             : rfctls__conn_leave(conn, rfctls__schannel_fail(RFCTLS_E_INTERNAL, code,
                                                              "SChannel does not say goodbye"));
}

rfctls_status rfctls__conn_key_update(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  (void)in;
  (void)out;
  return conn->failed ? rfctls__error_restore(&conn->failure)
                      : rfctls__fail(RFCTLS_E_UNSUPPORTED, "SChannel updates its keys by itself");
}
