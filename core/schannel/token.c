/* Tokens: see token.h. */
#include "schannel/token.h"

#include <string.h>

#include "base/error.h"

/* Lists of protocols as SSPI takes them: SEC_APPLICATION_PROTOCOLS, without its trailing arrays. */
typedef struct protocol_header {
  uint32_t lists_size;
  uint32_t extension;
  uint16_t list_size;
} protocol_header;

enum { HEADER_SIZE = 4 + 4 + 2 };

rfctls_status rfctls__token_put_protocols(rfctls__bytes list, rfctls__buffer *out) {
  protocol_header header = {(uint32_t)list.size + HEADER_SIZE - 4,
                            SecApplicationProtocolNegotiationExt_ALPN, (uint16_t)list.size};
  rfctls_status status;
  if (list.size == 0) {
    return RFCTLS_OK;
  }
  if (list.size > UINT16_MAX) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "these application protocols cannot be offered");
  }
  status = rfctls__buffer_append(out, &header, HEADER_SIZE);
  return status == RFCTLS_OK ? rfctls__buffer_append(out, list.data, list.size) : status;
}

rfctls__bytes rfctls__token_protocols(const rfctls__buffer *made) {
  rfctls__bytes all = rfctls__buffer_bytes(made);
  return all.size == 0 ? all : (rfctls__bytes){all.data + HEADER_SIZE, all.size - HEADER_SIZE};
}

static const rfctls__credentials *credentials_of(const rfctls__conn *conn) {
  return conn->own.open ? &conn->own : &conn->context->own;
}

/* A client that wants to be asked supplies its credentials only with the answer. */
static unsigned long client_flags(const rfctls__conn *conn) {
  unsigned long flags = ISC_REQ_SEQUENCE_DETECT | ISC_REQ_REPLAY_DETECT | ISC_REQ_CONFIDENTIALITY |
                        ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_STREAM | ISC_REQ_EXTENDED_ERROR |
                        ISC_REQ_MANUAL_CRED_VALIDATION;
  return conn->asks_identity && conn->identity != RFCTLS__YES ? flags
                                                              : flags | ISC_REQ_USE_SUPPLIED_CREDS;
}

static unsigned long server_flags(const rfctls__conn *conn) {
  unsigned long flags = ASC_REQ_SEQUENCE_DETECT | ASC_REQ_REPLAY_DETECT | ASC_REQ_CONFIDENTIALITY |
                        ASC_REQ_ALLOCATE_MEMORY | ASC_REQ_STREAM | ASC_REQ_EXTENDED_ERROR;
  return conn->context->peer_cert != RFCTLS_PEER_CERT_IGNORED || conn->asks_verify
             ? flags | ASC_REQ_MUTUAL_AUTH
             : flags;
}

static SECURITY_STATUS call(rfctls__conn *conn, SecBufferDesc *in, SecBufferDesc *out) {
  CredHandle *credentials = (CredHandle *)&credentials_of(conn)->handle;
  CtxtHandle *now = conn->begun ? &conn->handle : NULL;
  unsigned long got = 0;
  if (conn->context->role == RFCTLS_CLIENT) {
    return InitializeSecurityContextW(credentials, now, conn->target, client_flags(conn), 0, 0, in,
                                      0, &conn->handle, out, &got, NULL);
  }
  return AcceptSecurityContext(credentials, now, in, server_flags(conn), 0, &conn->handle, out,
                               &got, NULL);
}

/* 0 without memory. */
static int keep(SecBuffer *made, rfctls__buffer *out) {
  int kept = 1;
  if (made->pvBuffer != NULL && made->cbBuffer > 0) {
    kept = rfctls__buffer_append(out, made->pvBuffer, made->cbBuffer) == RFCTLS_OK;
  }
  if (made->pvBuffer != NULL) {
    (void)FreeContextBuffer(made->pvBuffer);
  }
  return kept;
}

/* A failed first call makes no context. */
static SECURITY_STATUS step(rfctls__conn *conn, SecBufferDesc *in, rfctls__buffer *out) {
  SecBuffer made[2] = {{0, SECBUFFER_TOKEN, NULL}, {0, SECBUFFER_ALERT, NULL}};
  SecBufferDesc out_desc = {SECBUFFER_VERSION, 2, made};
  SECURITY_STATUS code = call(conn, in, &out_desc);
  if (code >= 0) {
    conn->begun = 1;
  }
  int kept = keep(&made[0], out), kept_alert = keep(&made[1], out);
  return kept && kept_alert ? code : SEC_E_INSUFFICIENT_MEMORY;
}

/* The buffers stand where Wine wants them: token, empty, protocols; a client's first call has protocols
 * alone, or none. */
SECURITY_STATUS rfctls__token_step(rfctls__conn *conn, rfctls__bytes input, rfctls__buffer *out,
                                   size_t *left) {
  rfctls__bytes protocols = rfctls__buffer_bytes(&conn->protocols);
  int offers = !conn->begun && protocols.size > 0, alone = !conn->begun && input.size == 0;
  SecBuffer in[3] = {
      {(unsigned long)input.size, SECBUFFER_TOKEN, (void *)input.data},
      {0, SECBUFFER_EMPTY, NULL},
      {(unsigned long)protocols.size, SECBUFFER_APPLICATION_PROTOCOLS, (void *)protocols.data}};
  SecBufferDesc desc = {SECBUFFER_VERSION, offers ? 3 : 2, in};
  SECURITY_STATUS code;
  if (alone) {
    desc = (SecBufferDesc){SECBUFFER_VERSION, 1, &in[2]};
  }
  code = step(conn, alone && !offers ? NULL : &desc, out);
  *left = in[1].BufferType == SECBUFFER_EXTRA ? in[1].cbBuffer : 0;
  return code;
}

static SECURITY_STATUS control(rfctls__conn *conn, void *token, size_t size, rfctls__buffer *out) {
  SecBuffer buffer = {(unsigned long)size, SECBUFFER_TOKEN, token};
  SecBufferDesc desc = {SECBUFFER_VERSION, 1, &buffer};
  SECURITY_STATUS code = ApplyControlToken(&conn->handle, &desc);
  return code == SEC_E_OK ? step(conn, NULL, out) : code;
}

SECURITY_STATUS rfctls__token_shutdown(rfctls__conn *conn, rfctls__buffer *out) {
  DWORD token = SCHANNEL_SHUTDOWN;
  return control(conn, &token, sizeof token, out);
}

SECURITY_STATUS rfctls__token_alert(rfctls__conn *conn, int alert, rfctls__buffer *out) {
  SCHANNEL_ALERT_TOKEN token = {SCHANNEL_ALERT, TLS1_ALERT_FATAL, (DWORD)alert};
  return control(conn, &token, sizeof token, out);
}
