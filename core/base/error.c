/* The error record, and the names and texts of all numbers that a caller may see. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- names ---- */

typedef struct named_status {
  rfctls_status status;
  const char *name;
  const char *text;
} named_status;

static const named_status statuses[] = {
    {RFCTLS_WANT_READ, "WANT_READ", "wait until the socket is readable, then call again"},
    {RFCTLS_WANT_WRITE, "WANT_WRITE", "wait until the socket is writable, then call again"},
    {RFCTLS_WANT_VERIFY, "WANT_VERIFY", "the peer's certificate chain waits for a verdict"},
    {RFCTLS_WANT_IDENTITY, "WANT_IDENTITY", "the peer asks for our certificate"},
    {RFCTLS_OK, "OK", "done"},
    {RFCTLS_E_ARGUMENT, "E_ARGUMENT", "an argument is missing or out of range"},
    {RFCTLS_E_STATE, "E_STATE", "this cannot be done now"},
    {RFCTLS_E_MEMORY, "E_MEMORY", "out of memory"},
    {RFCTLS_E_UNSUPPORTED, "E_UNSUPPORTED", "this engine or system cannot do it"},
    {RFCTLS_E_RESOLVE, "E_RESOLVE", "the host or service name is not known"},
    {RFCTLS_E_CONNECT, "E_CONNECT", "no address of the host accepted a connection"},
    {RFCTLS_E_SYSTEM, "E_SYSTEM", "a system call failed"},
    {RFCTLS_E_TIMEOUT, "E_TIMEOUT", "the timer ran out"},
    {RFCTLS_E_CLOSED, "E_CLOSED", "it was closed on this side"},
    {RFCTLS_E_TRUNCATED, "E_TRUNCATED", "the connection ended without close_notify"},
    {RFCTLS_E_PROTOCOL, "E_PROTOCOL", "the peer broke the protocol"},
    {RFCTLS_E_ALERT, "E_ALERT", "the peer sent a fatal alert"},
    {RFCTLS_E_VERIFY, "E_VERIFY", "the peer's certificate is refused"},
    {RFCTLS_E_IDENTITY, "E_IDENTITY", "our own certificate or key does not fit"},
    {RFCTLS_E_PARSE, "E_PARSE", "a certificate, key or file could not be read"},
    {RFCTLS_E_INTERNAL, "E_INTERNAL", "a bug in this library"},
    {RFCTLS_E_RESET, "E_RESET", "the connection was reset"},
    {RFCTLS_E_FORKED, "E_FORKED", "a child process uses a socket of its parent"},
    {RFCTLS_E_LIMIT, "E_LIMIT", "there is more of it than we take"},
};

static const named_status *find_status(rfctls_status status) {
  for (size_t i = 0; i < COUNT(statuses); i++) {
    if (statuses[i].status == status) {
      return &statuses[i];
    }
  }
  return NULL;
}

const char *rfctls_status_name(rfctls_status status) {
  const named_status *found = find_status(status);
  return found != NULL ? found->name : "UNKNOWN";
}

const char *rfctls_status_text(rfctls_status status) {
  const named_status *found = find_status(status);
  return found != NULL ? found->text : "an unknown status";
}

const char *rfctls_reason_name(rfctls_reason reason) {
  static const char *const names[] = {
      [RFCTLS_REASON_NONE] = "NONE",
      [RFCTLS_REASON_EXPIRED] = "EXPIRED",
      [RFCTLS_REASON_NOT_YET_VALID] = "NOT_YET_VALID",
      [RFCTLS_REASON_NAME] = "NAME",
      [RFCTLS_REASON_ISSUER] = "ISSUER",
      [RFCTLS_REASON_SELF_SIGNED] = "SELF_SIGNED",
      [RFCTLS_REASON_PURPOSE] = "PURPOSE",
      [RFCTLS_REASON_REVOKED] = "REVOKED",
      [RFCTLS_REASON_WEAK] = "WEAK",
      [RFCTLS_REASON_SIGNATURE] = "SIGNATURE",
      [RFCTLS_REASON_CONSTRAINT] = "CONSTRAINT",
      [RFCTLS_REASON_EXTENSION] = "EXTENSION",
      [RFCTLS_REASON_MISSING] = "MISSING",
      [RFCTLS_REASON_REFUSED] = "REFUSED",
      [RFCTLS_REASON_MALFORMED] = "MALFORMED",
      [RFCTLS_REASON_OTHER] = "OTHER",
  };
  size_t index = (size_t)reason; /* a negative one is larger than all */
  return index < COUNT(names) ? names[index] : "UNKNOWN";
}

typedef struct named_alert {
  int alert;
  const char *name;
} named_alert;

/* The IANA registry "TLS Alerts"; some are of TLS 1.2 and older only. */
static const named_alert alerts[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {52, "too_many_cids_requested"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
};

const char *rfctls__alert_name(int alert) {
  for (size_t i = 0; i < COUNT(alerts); i++) {
    if (alerts[i].alert == alert) {
      return alerts[i].name;
    }
  }
  return "unknown alert";
}

/* ---- the record ---- */

static _Thread_local rfctls__error record = {.alert = -1, .depth = -1, .origin = ""};

/* All but the origin, which is set by enter, and the message, which the arguments of a new one may
 * still point at. */
static void begin(rfctls_status status) {
  record.status = status;
  record.alert = -1;
  record.depth = -1;
  record.reason = RFCTLS_REASON_NONE;
  record.system_code = 0;
  record.engine_code = 0;
}

void rfctls__error_clear(void) {
  begin(RFCTLS_OK);
  record.message[0] = '\0';
}

void rfctls__enter(const char *origin) {
  rfctls__error_clear();
  record.origin = origin;
}

/* How many bytes the character at text has; 0 if it is a control character, or not UTF-8 (RFC
 * 3629). Never looks behind the NUL. */
static size_t printable(const unsigned char *text) {
  unsigned char first = text[0], low = 0x80, high = 0xbf;
  size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0x20 || first == 0x7f || (first >= 0x80 && first < 0xc2) || first > 0xf4) {
    return 0;
  }
  switch (first) { /* not over-long, not a surrogate, not beyond U+10FFFF, not U+0080 to U+009F */
  case 0xc2: low = 0xa0; break;
  case 0xe0: low = 0xa0; break;
  case 0xed: high = 0x9f; break;
  case 0xf0: low = 0x90; break;
  case 0xf4: high = 0x8f; break;
  }
  for (size_t i = 1; i < size; i++) {
    if (text[i] < low || text[i] > high) {
      return 0;
    }
    low = 0x80;
    high = 0xbf;
  }
  return size;
}

static void make_printable(char *message) {
  for (unsigned char *at = (unsigned char *)message; *at != '\0';) {
    size_t size = printable(at);
    if (size == 0) {
      *at = '?';
      size = 1;
    }
    at += size;
  }
}

/* code: the system's, whose text is added; 0: none. */
static void say(int64_t code, const char *format, va_list arguments) {
  char message[RFCTLS__MESSAGE_SIZE], system[128];
  int length = vsnprintf(message, sizeof message, format, arguments);
  if (length < 0) {
    message[0] = '\0';
    length = 0;
  }
  if (code != 0 && (size_t)length < sizeof message) {
    size_t used = (size_t)length;
    rfctls__system_text(code, system, sizeof system);
    length += snprintf(message + used, sizeof message - used, ": %s", system);
  }
  if ((size_t)length >= sizeof message) {
    memcpy(message + sizeof message - 4, "...", 4);
  }
  make_printable(message);
  memcpy(record.message, message, sizeof message);
}

rfctls_status rfctls__fail(rfctls_status status, const char *format, ...) {
  va_list arguments;
  begin(status);
  va_start(arguments, format);
  say(0, format, arguments);
  va_end(arguments);
  return status;
}

rfctls_status rfctls__fail_system(rfctls_status status, int64_t code, const char *format, ...) {
  va_list arguments;
  begin(status);
  record.system_code = code;
  va_start(arguments, format);
  say(code, format, arguments);
  va_end(arguments);
  return status;
}

rfctls_status rfctls__fail_engine(rfctls_status status, int64_t code, int alert, const char *format,
                                  ...) {
  va_list arguments;
  begin(status);
  record.engine_code = code;
  record.alert = alert;
  va_start(arguments, format);
  say(0, format, arguments);
  va_end(arguments);
  return status;
}

rfctls_status rfctls__fail_verify(int64_t code, int depth, rfctls_reason reason, const char *format,
                                  ...) {
  va_list arguments;
  begin(RFCTLS_E_VERIFY);
  record.engine_code = code;
  record.depth = depth;
  record.reason = reason;
  va_start(arguments, format);
  say(0, format, arguments);
  va_end(arguments);
  return RFCTLS_E_VERIFY;
}

rfctls_status rfctls__output(void *out, size_t size, const char *what) {
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for %s", what);
  }
  memset(out, 0, size);
  return RFCTLS_OK;
}

rfctls_status rfctls__count(size_t *count, const void *memory, size_t size) {
  rfctls_status status = rfctls__output(count, sizeof *count, "the count");
  return status == RFCTLS_OK && memory == NULL && size > 0
             ? rfctls__fail(RFCTLS_E_ARGUMENT, "no bytes, though %zu were announced", size)
             : status;
}

rfctls_status rfctls__fail_memory(void) {
  return rfctls__fail(RFCTLS_E_MEMORY, "out of memory");
}

static void RFCTLS__PRINTF(1, 2) rewrite(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(0, format, arguments);
  va_end(arguments);
}

rfctls_status rfctls__fail_in(const char *format, ...) {
  char place[RFCTLS__MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(place, sizeof place, format, arguments);
  va_end(arguments);
  rewrite("%s: %s", place, record.message);
  return record.status;
}

void rfctls__error_save(rfctls__error *out) {
  *out = record;
}

rfctls_status rfctls__error_restore(const rfctls__error *saved) {
  const char *origin = record.origin;
  record = *saved;
  record.origin = origin;
  return record.status;
}

rfctls_status rfctls_error_status(void) {
  return record.status;
}

const char *rfctls_error_message(void) {
  return record.message;
}

const char *rfctls_error_origin(void) {
  return record.status != RFCTLS_OK ? record.origin : "";
}

int64_t rfctls_error_system_code(void) {
  return record.system_code;
}

int64_t rfctls_error_engine_code(void) {
  return record.engine_code;
}

int rfctls_error_alert(void) {
  return record.alert;
}

int rfctls_error_depth(void) {
  return record.depth;
}

rfctls_reason rfctls_error_verify_reason(void) {
  return record.reason;
}
