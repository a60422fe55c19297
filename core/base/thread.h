/* Threads that do one thing that the system can only do by waiting. The system's part is base/thread_posix.c or
 * base/thread_windows.c. */
#ifndef RFCTLS_BASE_THREAD_H
#define RFCTLS_BASE_THREAD_H

#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Runs a function on a new thread, which nobody waits for, and which takes no signals. Such a thread may
 * outlive whatever asked for it: from the first one on, the library stays loaded. E_SYSTEM, E_MEMORY. */
rfctls_status rfctls__thread_start(void (*run)(void *), void *argument);

#if defined(__cplusplus)
}
#endif

#endif
