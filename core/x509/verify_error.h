/* What is wrong with a certificate, for both engines: which of several problems counts, and its words. */
#ifndef RFCTLS_X509_VERIFY_ERROR_H
#define RFCTLS_X509_VERIFY_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

enum { RFCTLS__HOLDER_NAME_SIZE = 96, RFCTLS__VERIFY_ERROR_SIZE = 256 };

/* Whom a certificate is for and from, as a reader knows them. Names come from outside: what does not print
 * is '?' there, what is too long is cut. */
typedef struct rfctls__holder {
  char subject[RFCTLS__HOLDER_NAME_SIZE]; /* the most telling part of it   */
  int has_common_name;                    /* and that is its common name   */
  char issuer[RFCTLS__HOLDER_NAME_SIZE];  /* the same of the issuer        */
  rfctls__list hosts, addresses;          /* the alternative names, as raw bytes */
  int64_t not_before, not_after;          /* Unix seconds                  */
} rfctls__holder;

void rfctls__holder_release(rfctls__holder *holder);
/* Whom it is for, in few words: a leaf's first host name, else its first address, else the subject. */
void rfctls__holder_say(char *out, size_t size, const rfctls__holder *holder, int depth);

typedef struct rfctls__verify_error {
  rfctls_reason reason;
  int depth; /* 0: the peer's own certificate */
  const rfctls__holder *holder;
  const char *asked;  /* NAME: the host or the address asked for */
  const char *detail; /* how the engine calls it, or NULL        */
} rfctls__verify_error;

/* One clause that names the certificate. */
void rfctls__verify_error_say(char out[RFCTLS__VERIFY_ERROR_SIZE],
                              const rfctls__verify_error *problem);

/* Of two problems the one that counts: whether a is told rather than b. A reason is not told rather than
 * itself; nothing is told rather than anything. */
int rfctls__verify_error_precedes(rfctls_reason a, rfctls_reason b);
/* Whether nothing that is looked for later can count instead: then it need not be looked for. The order
 * is: the name, the issuers from the leaf to an anchor, signatures from there to the leaf, all else. */
int rfctls__verify_error_is_final(rfctls_reason reason);

/* E_VERIFY because the program said no, and because no certificate was sent. */
rfctls_status rfctls__fail_refused(int64_t code, const rfctls__holder *holder);
rfctls_status rfctls__fail_missing(int64_t code, int from_client);

#if defined(__cplusplus)
}
#endif

#endif
