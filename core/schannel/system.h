/* The headers of Windows, in the one order in which they can be read; and which Windows this is. */
#ifndef RFCTLS_SCHANNEL_SYSTEM_H
#define RFCTLS_SCHANNEL_SYSTEM_H

#define WIN32_LEAN_AND_MEAN
#define SECURITY_WIN32
#define SCHANNEL_USE_BLACKLISTS /* else there is no SCH_CREDENTIALS */
#include <windows.h>

#include <subauth.h>

#include <bcrypt.h>
#include <ncrypt.h>
#include <wincrypt.h>

#include <security.h>

#include <schannel.h>

/* Whether this is Wine, whose SChannel differs in ways that its callers name. */
int rfctls__is_wine(void);
/* Whether this system offers TLS 1.3. */
int rfctls__has_tls13(void);

#endif
