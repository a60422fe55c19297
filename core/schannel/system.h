/* The headers of Windows, in the one order in which they can be read. */
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

#endif
