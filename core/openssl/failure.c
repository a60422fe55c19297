/* OpenSSL's error queue: see failure.h. */
#include "openssl/failure.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>

static char *copy(const char *text) {
  return text != NULL && *text != '\0' ? OPENSSL_strdup(text) : NULL;
}

/* Without memory an entry loses its texts, not its code. */
static void keep_entries(rfctls__openssl_errors *callers) {
  while (callers->count < RFCTLS__OPENSSL_ERRORS) {
    rfctls__openssl_entry *entry = &callers->entries[callers->count];
    const char *file, *function, *data;
    int flags;
    entry->code = ERR_get_error_all(&file, &entry->line, &function, &data, &flags);
    if (entry->code == 0) {
      return;
    }
    entry->file = copy(file);
    entry->function = copy(function);
    entry->data = (flags & ERR_TXT_STRING) != 0 ? copy(data) : NULL;
    callers->count++;
  }
}

void rfctls__openssl_begin(rfctls__openssl_errors *callers) {
  callers->count = 0;
  if (ERR_peek_error() == 0) {
    return;
  }
  keep_entries(callers);
  ERR_clear_error(); /* copying may have failed, and said so there */
}

void rfctls__openssl_end(rfctls__openssl_errors *callers) {
  if (ERR_peek_error() != 0) {
    ERR_clear_error();
  }
  for (size_t i = 0; i < callers->count; i++) {
    rfctls__openssl_entry *entry = &callers->entries[i];
    ERR_new();
    ERR_set_debug(entry->file, entry->line, entry->function);
    ERR_set_error(ERR_GET_LIB(entry->code), ERR_GET_REASON(entry->code),
                  entry->data != NULL ? "%s" : NULL, entry->data);
    OPENSSL_free(entry->file);
    OPENSSL_free(entry->function);
    OPENSSL_free(entry->data);
  }
}

static int is_memory(unsigned long code) {
  return code != 0 && !ERR_SYSTEM_ERROR(code) && ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
}

/* From OpenSSL 3.2 on this comes behind each reason of the record layer. */
static int tells_nothing(unsigned long code) {
#ifdef SSL_R_RECORD_LAYER_FAILURE
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_RECORD_LAYER_FAILURE;
#else
  (void)code;
  return 0;
#endif
}

int rfctls__openssl_ran_out(void) {
  unsigned long code, last = 0;
  int found = 0;
  while ((code = ERR_get_error()) != 0) {
    found |= is_memory(code);
    if (last == 0 || !tells_nothing(code)) {
      last = code;
    }
  }
  if (last != 0) {
    ERR_raise(ERR_GET_LIB(last), ERR_GET_REASON(last));
  }
  return found;
}

rfctls_status rfctls__openssl_fail(rfctls_status status, const char *format, ...) {
  char message[RFCTLS__MESSAGE_SIZE], text[RFCTLS__MESSAGE_SIZE];
  unsigned long code;
  va_list arguments;
  if (rfctls__openssl_ran_out()) {
    return rfctls__fail_memory();
  }
  code = ERR_peek_last_error();
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (code == 0) {
    return rfctls__fail_engine(status, 0, -1, "%s", message);
  }
  const char *reason = ERR_reason_error_string(code);
  if (reason == NULL) { /* a system error, or one of a module without texts */
    ERR_error_string_n(code, text, sizeof text);
    reason = text;
  }
  return rfctls__fail_engine(status, (int64_t)code, -1, "%s: %s", message, reason);
}
