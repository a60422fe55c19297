/* Reads a whole regular file, and nothing else: a directory, a FIFO or a device is refused at
 * once. */
#ifndef RFCTLS_BASE_FILE_H
#define RFCTLS_BASE_FILE_H

#include "base/buffer.h"

#if defined(__cplusplus)
extern "C" {
#endif

enum { RFCTLS__FILE_LIMIT = 16 * 1024 * 1024 };

/* Appends the file at path to out. E_SYSTEM: it cannot be opened or read, or is not a regular file;
 * E_LIMIT: larger than RFCTLS__FILE_LIMIT. (base/posix.c, base/windows.c) */
rfctls_status rfctls__file_read(const char *path, rfctls__buffer *out);

#if defined(__cplusplus)
}
#endif

#endif
