/* Reads a whole regular file, or appends to one, and nothing else: a directory, a FIFO or a device is
 * refused at once. Tells whether one has changed. */
#ifndef RFCTLS_BASE_FILE_H
#define RFCTLS_BASE_FILE_H

#include "base/buffer.h"

#if defined(__cplusplus)
extern "C" {
#endif

enum { RFCTLS__FILE_LIMIT = 16 * 1024 * 1024 };

/* What to say of a path that cannot be opened: E_ARGUMENT if it is PEM text, perhaps a key, which no
 * message may show; else OK. */
rfctls_status rfctls__refuse_pem(const char *path);

/* Appends the file at path to out. E_SYSTEM: it cannot be opened or read, or is not a regular file;
 * E_LIMIT: larger than RFCTLS__FILE_LIMIT. (base/file_posix.c, base/file_windows.c) */
rfctls_status rfctls__file_read(const char *path, rfctls__buffer *out);

/* Appends to the file at path in one piece, so that lines of several processes do not mix; a new file is
 * for its owner alone. E_SYSTEM. (base/file_posix.c, base/file_windows.c) */
rfctls_status rfctls__file_append(const char *path, rfctls__bytes bytes);

/* What tells one state of a file or folder from another; zeros: there is none at path. */
typedef struct rfctls__file_stamp {
  uint64_t device;
  uint64_t number;
  int64_t size;
  int64_t modified; /* nanoseconds */
  int64_t changed;
} rfctls__file_stamp;

/* (base/file_posix.c: only systems that keep their trust anchors in files need it) */
void rfctls__file_look(const char *path, rfctls__file_stamp *out);
int rfctls__file_same(const rfctls__file_stamp *a, const rfctls__file_stamp *b);
/* OK, or E_SYSTEM: there is no folder at path. */
rfctls_status rfctls__file_check_folder(const char *path);

#if defined(__cplusplus)
}
#endif

#endif
