/* Files, as Windows has them: see file.h. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

static rfctls_status fail_last(const char *format, const char *path) {
  return rfctls__fail_system(RFCTLS_E_SYSTEM, (int64_t)GetLastError(), "%s %s", format, path);
}

static rfctls_status cannot_open(const char *path) {
  rfctls_status status = rfctls__refuse_pem(path);
  return status == RFCTLS_OK ? fail_last("cannot open", path) : status;
}

static rfctls_status open_file(const char *path, DWORD access, DWORD creation, HANDLE *file) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
  wchar_t *wide;
  if (length == 0) {
    return cannot_open(path);
  }
  wide = rfctls__alloc((size_t)length * sizeof *wide);
  if (wide == NULL) {
    return rfctls__fail_memory();
  }
  (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, length);
  *file = CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                      creation, FILE_ATTRIBUTE_NORMAL, NULL);
  rfctls__free(wide);
  return *file != INVALID_HANDLE_VALUE ? RFCTLS_OK : cannot_open(path);
}

static rfctls_status read_all(HANDLE file, const char *path, rfctls__buffer *out) {
  size_t before = rfctls__buffer_size(out);
  for (;;) {
    uint8_t *room;
    DWORD count;
    rfctls_status status = rfctls__buffer_reserve(out, 4096, &room);
    if (status != RFCTLS_OK) {
      return status;
    }
    if (!ReadFile(file, room, (DWORD)rfctls__buffer_room(out), &count, NULL)) {
      return fail_last("cannot read", path);
    }
    if (count == 0) {
      return RFCTLS_OK;
    }
    rfctls__buffer_commit(out, count);
    if (rfctls__buffer_size(out) - before > RFCTLS__FILE_LIMIT) {
      return rfctls__fail(RFCTLS_E_LIMIT, "%s is larger than %d bytes", path, RFCTLS__FILE_LIMIT);
    }
  }
}

rfctls_status rfctls__file_read(const char *path, rfctls__buffer *out) {
  size_t before = rfctls__buffer_size(out);
  HANDLE file = INVALID_HANDLE_VALUE;
  rfctls_status status = open_file(path, GENERIC_READ, OPEN_EXISTING, &file);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (GetFileType(file) == FILE_TYPE_DISK) {
    status = read_all(file, path, out);
  } else {
    status = rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a regular file", path);
  }
  if (status != RFCTLS_OK) {
    out->tail = out->head + before;
  }
  CloseHandle(file);
  return status;
}

/* FILE_APPEND_DATA alone lets the system append each write as a whole. */
rfctls_status rfctls__file_append(const char *path, rfctls__bytes bytes) {
  HANDLE file = INVALID_HANDLE_VALUE;
  DWORD count = 0;
  rfctls_status status = open_file(path, FILE_APPEND_DATA, OPEN_ALWAYS, &file);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (GetFileType(file) != FILE_TYPE_DISK) {
    status = rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a regular file", path);
  } else if (bytes.size > 0 && (!WriteFile(file, bytes.data, (DWORD)bytes.size, &count, NULL) ||
                                count != bytes.size)) {
    status = fail_last("cannot write", path);
  }
  CloseHandle(file);
  return status;
}
