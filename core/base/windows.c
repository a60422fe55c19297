/* What base asks of Windows: locks, the clock, the process, files, error texts. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <string.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/thread.h"

/* ---- locks ---- */

_Static_assert(sizeof(SRWLOCK) <= sizeof(rfctls__lock), "an SRWLOCK fits into a lock");

static SRWLOCK *srw_of(rfctls__lock *lock) {
  return (SRWLOCK *)(void *)lock;
}

void rfctls__lock_init(rfctls__lock *lock) {
  InitializeSRWLock(srw_of(lock));
}

void rfctls__lock_fini(rfctls__lock *lock) {
  (void)lock; /* it holds nothing */
}

void rfctls__lock_take(rfctls__lock *lock) {
  AcquireSRWLockExclusive(srw_of(lock));
}

void rfctls__lock_drop(rfctls__lock *lock) {
  ReleaseSRWLockExclusive(srw_of(lock));
}

/* SRWLOCK_INIT is all zeros, as static storage is. */
void rfctls__static_lock_take(rfctls__static_lock *lock) {
  rfctls__lock_take(&lock->lock);
}

void rfctls__static_lock_drop(rfctls__static_lock *lock) {
  rfctls__lock_drop(&lock->lock);
}

/* ---- threads ---- */

enum { STACK = 256 * 1024 };

typedef struct task {
  void (*run)(void *);
  void *argument;
} task;

static DWORD WINAPI run_task(void *data) {
  task todo = *(task *)data;
  rfctls__free(data);
  todo.run(todo.argument);
  return 0;
}

rfctls_status rfctls__thread_start(void (*run)(void *), void *argument) {
  task *todo = rfctls__alloc(sizeof *todo);
  HMODULE self;
  HANDLE thread;
  if (todo == NULL) {
    return rfctls__fail_memory();
  }
  *todo = (task){run, argument};
  (void)GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                           (LPCWSTR)(uintptr_t)run_task, &self);
  thread = CreateThread(NULL, STACK, run_task, todo, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (thread == NULL) {
    rfctls__free(todo);
    return rfctls__fail_system(RFCTLS_E_SYSTEM, (int64_t)GetLastError(), "cannot start a thread");
  }
  CloseHandle(thread);
  return RFCTLS_OK;
}

/* ---- the process ---- */

uint64_t rfctls__process(void) {
  return GetCurrentProcessId();
}

/* ---- the clock ---- */

int64_t rfctls__now(void) {
  LARGE_INTEGER frequency, count;
  QueryPerformanceFrequency(&frequency); /* neither fails since Windows XP */
  QueryPerformanceCounter(&count);
  /* Whole seconds apart, or the product would be too large after some days. */
  return count.QuadPart / frequency.QuadPart * 1000000000 +
         count.QuadPart % frequency.QuadPart * 1000000000 / frequency.QuadPart;
}

/* ---- error texts ---- */

void rfctls__system_text(int64_t code, char *text, size_t size) {
  wchar_t wide[128];
  DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                FORMAT_MESSAGE_MAX_WIDTH_MASK; /* no line breaks */
  DWORD length = FormatMessageW(flags, NULL, (DWORD)code, 0, wide, ARRAYSIZE(wide), NULL);
  int written = 0;
  while (length > 0 && (wide[length - 1] == L' ' || wide[length - 1] == L'.')) {
    length--;
  }
  if (length > 0) {
    written = WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, text, (int)size - 1, NULL, NULL);
  }
  text[written] = '\0';
}

/* ---- files ---- */

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
