/* What SSPI answers, in our words: see failure.h. */
#include "schannel/failure.h"

#include <stdarg.h>
#include <stdio.h>

#include "schannel/system.h"

static int is_memory(long code) {
  return code == SEC_E_INSUFFICIENT_MEMORY || code == E_OUTOFMEMORY || code == NTE_NO_MEMORY ||
         code == ERROR_NOT_ENOUGH_MEMORY || code == ERROR_OUTOFMEMORY;
}

rfctls_status rfctls__schannel_fail(rfctls_status status, long code, const char *format, ...) {
  char message[RFCTLS__MESSAGE_SIZE], text[RFCTLS__MESSAGE_SIZE];
  va_list arguments;
  if (is_memory(code)) {
    return rfctls__fail_memory();
  }
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  rfctls__system_text(code, text, sizeof text);
  if (text[0] == '\0') {
    (void)snprintf(text, sizeof text, "code 0x%08lx", (unsigned long)code);
  }
  return rfctls__fail_engine(status, code, -1, "%s: %s", message, text);
}

/* The text that belongs to a code; others are told as Windows tells them. */
typedef struct saying {
  long code;
  rfctls_status status;
  const char *text;
} saying;

static const saying sayings[] = {
    {SEC_E_ALGORITHM_MISMATCH, RFCTLS_E_PROTOCOL,
     "the peer speaks no version, or no cipher suite, that we speak"},
    {SEC_E_APPLICATION_PROTOCOL_MISMATCH, RFCTLS_E_PROTOCOL,
     "none of the application protocols that the client offered is spoken here"},
    {SEC_E_UNSUPPORTED_FUNCTION, RFCTLS_E_UNSUPPORTED, "this system's SChannel has clients only"},
    {SEC_E_NO_CREDENTIALS, RFCTLS_E_IDENTITY, "Windows does not find the key of our certificate"},
    {SEC_E_UNKNOWN_CREDENTIALS, RFCTLS_E_IDENTITY, "Windows does not take our certificate"},
};

rfctls_status rfctls__schannel_explain(long code) {
  for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++) {
    if (sayings[i].code == code) {
      return rfctls__fail_engine(sayings[i].status, code, -1, "%s", sayings[i].text);
    }
  }
  return rfctls__schannel_fail(RFCTLS_E_PROTOCOL, code, "TLS with the peer failed");
}
