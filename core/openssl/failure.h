/* OpenSSL's error queue: how its entries become our error record, and how the caller's own entries
 * outlive our calls. */
#ifndef RFCTLS_OPENSSL_FAILURE_H
#define RFCTLS_OPENSSL_FAILURE_H

#include <stddef.h>

#include "base/error.h"

/* As many entries as OpenSSL keeps for a thread. */
enum { RFCTLS__OPENSSL_ERRORS = 16 };

typedef struct rfctls__openssl_entry {
  unsigned long code;
  int line;
  char *file; /* OPENSSL_malloc'ed, or NULL */
  char *function;
  char *data;
} rfctls__openssl_entry;

/* The caller's entries, for as long as we use the queue. Marks (ERR_set_mark) are not kept: libssl
 * itself drops them in every handshake. */
typedef struct rfctls__openssl_errors {
  size_t count;
  rfctls__openssl_entry entries[RFCTLS__OPENSSL_ERRORS]; /* only count are set */
} rfctls__openssl_errors;

/* A stretch of OpenSSL calls begins: the queue is empty from here (SSL_get_error needs that). Not
 * to be nested: every engine operation begins and ends one. */
void rfctls__openssl_begin(rfctls__openssl_errors *callers);
/* It ends: what it left is dropped, and the queue holds what the caller had there. */
void rfctls__openssl_end(rfctls__openssl_errors *callers);

/* Whether memory ran out: any entry may say so, for OpenSSL's upper layers add their own. Leaves only the
 * newest entry that tells something. */
int rfctls__openssl_ran_out(void);
/* Fails with the newest entry of the queue as engine code, its text appended after ": "; without an
 * entry the message stands alone. E_MEMORY if an entry says that memory ran out. */
rfctls_status rfctls__openssl_fail(rfctls_status status, const char *format, ...)
    RFCTLS__PRINTF(2, 3);

#endif
