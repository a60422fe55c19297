/* Threads, as POSIX has them: see thread.h. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/thread.h"

/* The resolver's plug-ins (nss) need more than 64 KiB. */
enum { STACK = 256 * 1024 };

typedef struct task {
  void (*run)(void *);
  void *argument;
} task;

static void *run_task(void *data) {
  task todo = *(task *)data;
  rfctls__free(data);
  todo.run(todo.argument);
  return NULL;
}

/* Whatever this code is part of, and who unloads it: our shared library says so to the linker, but these
 * objects may also be in a module of the host's, as a rock of Lua is. */
static void stay_loaded(void) {
  static int stays; /* atomic */
  Dl_info self;
  if (__atomic_exchange_n(&stays, 1, __ATOMIC_RELAXED) == 0 && dladdr(&stays, &self) != 0) {
    (void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

/* A program whose thread-local data alone fill a small stack gets threads with the usual one. */
static int create_thread(task *todo) {
  pthread_attr_t attributes;
  pthread_t thread;
  int code = pthread_attr_init(&attributes);
  if (code != 0) {
    return code;
  }
  (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  (void)pthread_attr_setstacksize(&attributes, STACK);
  code = pthread_create(&thread, &attributes, run_task, todo);
  (void)pthread_attr_destroy(&attributes);
  if (code == EINVAL) {
    code = pthread_create(&thread, NULL, run_task, todo);
    if (code == 0) {
      (void)pthread_detach(thread);
    }
  }
  return code;
}

rfctls_status rfctls__thread_start(void (*run)(void *), void *argument) {
  task *todo = rfctls__alloc(sizeof *todo);
  sigset_t all, before;
  int code;
  if (todo == NULL) {
    return rfctls__fail_memory();
  }
  *todo = (task){run, argument};
  stay_loaded();
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  code = create_thread(todo);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (code != 0) {
    rfctls__free(todo);
    return rfctls__fail_system(RFCTLS_E_SYSTEM, code, "cannot start a thread");
  }
  return RFCTLS_OK;
}
