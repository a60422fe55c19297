/* What base asks of Windows: locks, the process, the clock, error texts. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <string.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/lock.h"

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
