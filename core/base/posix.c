/* What base asks of a POSIX system: locks, the clock, the process, files, error texts. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/thread.h"

/* ---- locks ---- */

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(rfctls__lock), "a mutex fits into a lock");
_Static_assert(_Alignof(pthread_mutex_t) <= _Alignof(rfctls__lock), "a lock is aligned as a mutex");

static pthread_mutex_t *mutex_of(rfctls__lock *lock) {
  return (pthread_mutex_t *)(void *)lock;
}

/* With default attributes, and used as they are here, none of these can fail. */
void rfctls__lock_init(rfctls__lock *lock) {
  (void)pthread_mutex_init(mutex_of(lock), NULL);
}

void rfctls__lock_fini(rfctls__lock *lock) {
  (void)pthread_mutex_destroy(mutex_of(lock));
}

void rfctls__lock_take(rfctls__lock *lock) {
  (void)pthread_mutex_lock(mutex_of(lock));
}

void rfctls__lock_drop(rfctls__lock *lock) {
  (void)pthread_mutex_unlock(mutex_of(lock));
}

/* The state tells which process has made the lock, twice its number: plus 1 when it is made, plus 0
 * while a thread is making it. In a child it differs, so the lock is made anew. */
void rfctls__static_lock_take(rfctls__static_lock *lock) {
  uint64_t making = 2 * rfctls__process(), made = making + 1;
  uint64_t state = __atomic_load_n(&lock->state, __ATOMIC_ACQUIRE);
  while (state != made) {
    if (state != making && __atomic_compare_exchange_n(&lock->state, &state, making, 0,
                                                       __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
      rfctls__lock_init(&lock->lock);
      __atomic_store_n(&lock->state, made, __ATOMIC_RELEASE);
      break;
    }
    if (state == making) {
      (void)sched_yield();
      state = __atomic_load_n(&lock->state, __ATOMIC_ACQUIRE);
    }
  }
  rfctls__lock_take(&lock->lock);
}

void rfctls__static_lock_drop(rfctls__static_lock *lock) {
  rfctls__lock_drop(&lock->lock);
}

/* ---- threads ---- */

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

/* ---- the process ---- */

#if defined(MADV_WIPEONFORK)

/* Stands for a page that the system does not give. */
static uint64_t no_page;
/* A page that a fork wipes: the number of this process, 0 in a child that has not asked yet. */
static uint64_t *wiped_page;
/* Counts on from what the parent had: so all numbers of one line of descent differ. */
static uint64_t last_number;

static uint64_t *map_wiped_page(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  uint64_t *expected = NULL, *page = &no_page;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  /* An emulator that takes the impossible advice -1 takes any, and follows none. */
  if (memory != MAP_FAILED && madvise(memory, size, -1) != 0 &&
      madvise(memory, size, MADV_WIPEONFORK) == 0) {
    page = memory;
  }
  if (!__atomic_compare_exchange_n(&wiped_page, &expected, page, 0, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE)) {
    page = expected; /* another thread was faster */
  }
  if (memory != MAP_FAILED && page != memory) {
    (void)munmap(memory, size);
  }
  return page;
}

uint64_t rfctls__process(void) {
  uint64_t *page = __atomic_load_n(&wiped_page, __ATOMIC_ACQUIRE);
  uint64_t number, next;
  if (page == NULL) {
    page = map_wiped_page();
  }
  if (page == &no_page) {
    return (uint64_t)getpid();
  }
  number = __atomic_load_n(page, __ATOMIC_RELAXED);
  if (number != 0) {
    return number;
  }
  next = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
  return __atomic_compare_exchange_n(page, &number, next, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
             ? next
             : number;
}

#else

uint64_t rfctls__process(void) {
  return (uint64_t)getpid();
}

#endif

/* ---- the clock ---- */

int64_t rfctls__now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- error texts ---- */

void rfctls__system_text(int64_t code, char *text, size_t size) {
#if defined(__GLIBC__)
  const char *found = strerror_r((int)code, text, size);
  size_t length = strlen(found);
  if (found != text) {
    length = length < size ? length : size - 1;
    memcpy(text, found, length);
    text[length] = '\0';
  }
#else
  if (strerror_r((int)code, text, size) != 0) {
    text[0] = '\0';
  }
#endif
}

/* ---- files ---- */

static rfctls_status cannot_open(const char *path) {
  int code = errno;
  rfctls_status status = rfctls__refuse_pem(path);
  return status == RFCTLS_OK ? rfctls__fail_system(RFCTLS_E_SYSTEM, code, "cannot open %s", path)
                             : status;
}

static rfctls_status too_large(const char *path) {
  return rfctls__fail(RFCTLS_E_LIMIT, "%s is larger than %d bytes", path, RFCTLS__FILE_LIMIT);
}

static rfctls_status read_all(int fd, const char *path, size_t expected, rfctls__buffer *out) {
  size_t before = rfctls__buffer_size(out);
  for (;;) {
    uint8_t *room;
    ssize_t count;
    size_t have = rfctls__buffer_size(out) - before;
    /* One byte more than it says, to meet the end without growing once more. */
    rfctls_status status =
        rfctls__buffer_reserve(out, have < expected ? expected - have + 1 : 4096, &room);
    if (status != RFCTLS_OK) {
      return status;
    }
    count = read(fd, room, rfctls__buffer_room(out));
    if (count == 0) {
      return RFCTLS_OK;
    }
    if (count > 0) {
      rfctls__buffer_commit(out, (size_t)count);
    } else if (errno != EINTR) {
      return rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot read %s", path);
    }
    if (rfctls__buffer_size(out) - before > RFCTLS__FILE_LIMIT) {
      return too_large(path);
    }
  }
}

rfctls_status rfctls__file_read(const char *path, rfctls__buffer *out) {
  rfctls_status status = RFCTLS_OK;
  size_t before = rfctls__buffer_size(out);
  struct stat facts;
  /* O_NONBLOCK: a FIFO without a writer does not hold us up. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return cannot_open(path);
  }
  if (fstat(fd, &facts) != 0) {
    status = rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot read %s", path);
  } else if (!S_ISREG(facts.st_mode)) {
    status = rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a regular file", path);
  } else if (facts.st_size > RFCTLS__FILE_LIMIT) {
    status = too_large(path);
  } else {
    status = read_all(fd, path, (size_t)facts.st_size, out);
  }
  if (status != RFCTLS_OK) {
    out->tail = out->head + before;
  }
  (void)close(fd);
  return status;
}

rfctls_status rfctls__file_append(const char *path, rfctls__bytes bytes) {
  rfctls_status status = RFCTLS_OK;
  struct stat facts;
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
  if (fd < 0) {
    return cannot_open(path);
  }
  if (fstat(fd, &facts) != 0) {
    status = rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot write %s", path);
  } else if (!S_ISREG(facts.st_mode)) {
    status = rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a regular file", path);
  } else if (bytes.size > 0 && write(fd, bytes.data, bytes.size) != (ssize_t)bytes.size) {
    status = rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot write %s", path);
  }
  (void)close(fd);
  return status;
}

rfctls_status rfctls__file_check_folder(const char *path) {
  struct stat facts;
  if (stat(path, &facts) != 0) {
    return cannot_open(path);
  }
  return S_ISDIR(facts.st_mode) ? RFCTLS_OK
                                : rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a folder", path);
}

static int64_t nanoseconds(struct timespec time) {
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void rfctls__file_look(const char *path, rfctls__file_stamp *out) {
  struct stat facts;
  memset(out, 0, sizeof *out);
  if (stat(path, &facts) == 0) {
    out->device = (uint64_t)facts.st_dev;
    out->number = (uint64_t)facts.st_ino;
    out->size = (int64_t)facts.st_size;
    out->modified = nanoseconds(facts.st_mtim);
    out->changed = nanoseconds(facts.st_ctim);
  }
}

int rfctls__file_same(const rfctls__file_stamp *a, const rfctls__file_stamp *b) {
  return a->device == b->device && a->number == b->number && a->size == b->size &&
         a->modified == b->modified && a->changed == b->changed;
}
