/* What SSPI and CryptoAPI answer, as our error record. */
#ifndef RFCTLS_SCHANNEL_FAILURE_H
#define RFCTLS_SCHANNEL_FAILURE_H

#include "base/error.h"

/* Fails with code (a SECURITY_STATUS, an HRESULT or a Windows error) as engine code, the system's text
 * for it appended after ": ". E_MEMORY if it says that memory ran out. */
rfctls_status rfctls__schannel_fail(rfctls_status status, long code, const char *format, ...)
    RFCTLS__PRINTF(3, 4);

/* The TLS connection is broken: code is why. */
rfctls_status rfctls__schannel_explain(long code);

#endif
