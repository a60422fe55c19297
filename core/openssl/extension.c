/* OpenSSL knows extensions by the SSL_CTX, which all connections share; what they carry differs from one
 * to the next. So the SSL_CTX learns types as they are needed, and each hello is asked for every type
 * that it knew: a connection that carries none of it sends none. */
#include "openssl/extension.h"

#include "base/error.h"
#include "openssl/conn.h"

/* Where a server may answer one (RFC 8446 section 4.2). */
enum {
  ANSWERS = SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_SERVER_HELLO |
            SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST |
            SSL_EXT_TLS1_3_CERTIFICATE
};

rfctls_status rfctls__check_extension(uint16_t type) {
  return SSL_extension_supported(type) == 0
             ? RFCTLS_OK
             : rfctls__fail(RFCTLS_E_ARGUMENT, "hello extension %u is the library's own to make",
                            (unsigned)type);
}

static unsigned take_number(rfctls__bytes *list) {
  unsigned number = (unsigned)list->data[0] << 8 | list->data[1];
  list->data += 2;
  list->size -= 2;
  return number;
}

/* 0: there is none any more. */
static int take(rfctls__bytes *list, unsigned *type, rfctls__bytes *data) {
  if (list->size == 0) {
    return 0;
  }
  *type = take_number(list);
  data->size = take_number(list);
  data->data = list->data;
  list->data += data->size;
  list->size -= data->size;
  return 1;
}

static int on_hello(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
                    size_t *size, X509 *unused, size_t unused_depth, int *alert, void *unused_too) {
  const rfctls__conn *conn = SSL_get_app_data(ssl);
  rfctls__bytes list = rfctls__buffer_bytes(&conn->extensions), data;
  unsigned each = 0;
  (void)unused;
  (void)unused_depth;
  (void)alert;
  (void)unused_too;
  while ((context & SSL_EXT_CLIENT_HELLO) != 0 && take(&list, &each, &data)) {
    if (each == type) {
      *out = data.data;
      *size = data.size;
      return 1;
    }
  }
  return 0;
}

int rfctls__extensions_allow(SSL_CTX *ctx, rfctls__bytes list) {
  rfctls__bytes data;
  unsigned type = 0;
  while (take(&list, &type, &data)) {
    if (!SSL_CTX_has_client_custom_ext(ctx, type) &&
        SSL_CTX_add_custom_ext(ctx, type, SSL_EXT_CLIENT_HELLO | ANSWERS, on_hello, NULL, NULL,
                               NULL, NULL) != 1) {
      return 0;
    }
  }
  return 1;
}
