/* The error record of this thread: fixed size, plain thread-local storage, no destructor, so that
 * reporting cannot fail. Errors are made where they are discovered, once; upper layers pass the
 * status on unchanged.
 * A function that goes on after a failure, and then succeeds, clears it.
 *
 * A message is one line, lower case, names the culprit, no function name, no full stop. */
#ifndef RFCTLS_BASE_ERROR_H
#define RFCTLS_BASE_ERROR_H

#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

#if defined(__MINGW32__)
#define RFCTLS__PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define RFCTLS__PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define RFCTLS__PRINTF(text, first)
#endif

enum { RFCTLS__MESSAGE_SIZE = 320 };

typedef struct rfctls__error {
  rfctls_status status;
  int alert; /* received, or -1 */
  int depth; /* of the refused certificate, or -1 */
  rfctls_reason reason;
  int64_t system_code;
  int64_t engine_code;
  const char *origin; /* static */
  char message[RFCTLS__MESSAGE_SIZE];
} rfctls__error;

/* Begins a public call: clears the record. First line of every function that returns rfctls_status:
 * rfctls__enter(__func__). */
void rfctls__enter(const char *origin);

/* Follows it in a function with an output of so many bytes, before anything can fail: until the call
 * succeeds the output is zeros, NULL or 0. E_ARGUMENT: there is no place for what it is. */
rfctls_status rfctls__output(void *out, size_t size, const char *what);
/* The same for the count of bytes that a call gives to or takes from memory of so many. E_ARGUMENT also
 * for no memory. */
rfctls_status rfctls__count(size_t *count, const void *memory, size_t size);

/* Each sets the record and returns status. What is too long ends in "..."; control characters and
 * bytes that are not UTF-8, which may have come from outside, are replaced. */
rfctls_status rfctls__fail(rfctls_status status, const char *format, ...) RFCTLS__PRINTF(2, 3);
/* Appends ": " and the system's text for code. */
rfctls_status rfctls__fail_system(rfctls_status status, int64_t code, const char *format, ...)
    RFCTLS__PRINTF(3, 4);
/* For engines: code is OpenSSL's or SSPI's; alert as received, or -1. */
rfctls_status rfctls__fail_engine(rfctls_status status, int64_t code, int alert, const char *format,
                                  ...) RFCTLS__PRINTF(4, 5);
/* For engines: E_VERIFY with its depth and reason. */
rfctls_status rfctls__fail_verify(int64_t code, int depth, rfctls_reason reason, const char *format,
                                  ...) RFCTLS__PRINTF(4, 5);
/* E_MEMORY. */
rfctls_status rfctls__fail_memory(void);
/* Puts a place and ": " before the message of the failure that is recorded, for those who know
 * which file or line it was about; answers its status. */
rfctls_status rfctls__fail_in(const char *format, ...) RFCTLS__PRINTF(1, 2);

/* Forgets a failure that was overcome; the call goes on. */
void rfctls__error_clear(void);

/* A failure that sticks to a socket: kept, and reported again under a later origin. */
void rfctls__error_save(rfctls__error *out);
rfctls_status rfctls__error_restore(const rfctls__error *saved);

/* The system's text for errno or a WSA code (base/posix.c, base/windows.c); size is at least 1. */
void rfctls__system_text(int64_t code, char *text, size_t size);

/* RFC 8446 section 6: "certificate_expired"; "unknown alert" for others. Static. */
const char *rfctls__alert_name(int alert);

#if defined(__cplusplus)
}
#endif

#endif
