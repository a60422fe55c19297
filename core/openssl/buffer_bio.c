/* A BIO over two buffers: see buffer_bio.h. Reading an empty `in` is "try again", writing always
 * succeeds unless memory runs out: then the error record says so, and OpenSSL sees a failed system
 * call. */
#include "openssl/buffer_bio.h"

static int wire_read(BIO *bio, char *data, size_t size, size_t *given) {
  rfctls__wire *wire = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  *given = rfctls__buffer_take(wire->in, data, size);
  if (*given > 0) {
    return 1;
  }
  BIO_set_retry_read(bio);
  return -1;
}

static int wire_write(BIO *bio, const char *data, size_t size, size_t *taken) {
  rfctls__wire *wire = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (rfctls__buffer_append(wire->out, data, size) != RFCTLS_OK) {
    return -1;
  }
  *taken = size;
  return 1;
}

/* Nothing is held back, and there is never an end of file. */
static long wire_control(BIO *bio, int command, long number, void *pointer) {
  (void)bio;
  (void)number;
  (void)pointer;
  return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *rfctls__wire_methods(void) {
  BIO_METHOD *methods = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "librfctls wire");
  if (methods != NULL && BIO_meth_set_read_ex(methods, wire_read) == 1 &&
      BIO_meth_set_write_ex(methods, wire_write) == 1 &&
      BIO_meth_set_ctrl(methods, wire_control) == 1) {
    return methods;
  }
  BIO_meth_free(methods);
  return NULL;
}

BIO *rfctls__wire_bio(const BIO_METHOD *methods, rfctls__wire *wire) {
  BIO *bio = BIO_new(methods);
  if (bio == NULL) {
    return NULL;
  }
  BIO_set_data(bio, wire);
  BIO_set_init(bio, 1);
  return bio;
}
