/* Threads, as Windows has them: see thread.h. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/thread.h"

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
