/* Blocking this thread, so that Guile can end it at once: for the handler of a signal, or cancel-thread.
 * Guile does so by writing to a descriptor (scm_c_prepare_to_wait_on_fd). Each thread that waits has one, a
 * bell, among what it waits for. */
#include <pthread.h>
#include <sys/socket.h>

typedef struct bell {
  rfctls_raw *raw;       /* readable once it was rung */
  int rope;              /* by which Guile rings it */
  rfctls_pollset *alone; /* to wait for one socket by */
  struct bell *next;
} bell;

/* Those that nobody waits by. They are kept for good: Guile may ring when the waiting is just over, and must
 * not write to a descriptor that is another's by then. */
static bell *idle_bells;
static pthread_mutex_t bells_lock = PTHREAD_MUTEX_INITIALIZER;

static void lock_bells(void) {
  pthread_mutex_lock(&bells_lock);
}

static void unlock_bells(void) {
  pthread_mutex_unlock(&bells_lock);
}

/* A forked child gets its own: these would ring at its parent's. */
static void forget_bells(void) {
  idle_bells = NULL;
  unlock_bells();
}

static void wait_init(void) {
  pthread_atfork(lock_bells, unlock_bells, forget_bells);
}

static bell *make_bell(void) {
  bell *made;
  int ends[2];
  rfctls_status status;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    scm_syserror("wait");
  made = scm_calloc(sizeof *made);
  made->rope = ends[1];
  status = rfctls_pollset_new(&made->alone);
  if (status == RFCTLS_OK)
    status = rfctls_raw_adopt(ends[0], 1, &made->raw);
  if (status != RFCTLS_OK) {
    close_fd(ends[0]);
    close_fd(ends[1]);
    rfctls_pollset_unref(made->alone);
    free(made);
    raise_failure(status, SCM_BOOL_F, SCM_BOOL_T);
  }
  return made;
}

static bell *take_bell(void) {
  bell *taken;
  lock_bells();
  taken = idle_bells;
  if (taken != NULL)
    idle_bells = taken->next;
  unlock_bells();
  return taken != NULL ? taken : make_bell();
}

static void give_bell(bell *given) {
  lock_bells();
  given->next = idle_bells;
  idle_bells = given;
  unlock_bells();
}

static void silence(const bell *rung) {
  char waste[16];
  size_t count;
  (void)rfctls_raw_recv(rung->raw, RFCTLS_DONTWAIT, waste, sizeof waste, &count);
}

/* Adds the bell to the set. OK also when the time is over, or the bell was rung. */
static rfctls_status wait_by(const bell *bell, rfctls_pollset *set, int64_t timeout_ms) {
  size_t ready, place;
  struct rfctls_pollset_wait_call call = {set, timeout_ms, &ready, RFCTLS_OK};
  rfctls_status status = rfctls_pollset_add_raw(set, bell->raw, RFCTLS_EVENT_READ, &place);
  if (status != RFCTLS_OK || scm_c_prepare_to_wait_on_fd(bell->rope) != 0) /* it is due already */
    return status;
  scm_without_guile(rfctls_pollset_wait_run, &call);
  scm_c_wait_finished();
  if (rfctls_pollset_events(set, place) != 0)
    silence(bell);
  return call.status;
}

/* Until the socket is what is wanted, at most timeout_ms (-1: for ever); may come back early. */
static rfctls_status rfctls_any_wait(any_socket any, rfctls_status want, int64_t timeout_ms) {
  bell *bell = take_bell();
  size_t place;
  rfctls_status status = rfctls_any_join(bell->alone, any, events_of(want), &place);
  if (status == RFCTLS_OK)
    status = wait_by(bell, bell->alone, timeout_ms);
  rfctls_pollset_clear(bell->alone);
  give_bell(bell);
  return status;
}

/* The same for a set, to which it adds. */
static rfctls_status rfctls_any_wait_many(rfctls_pollset *pollset, int64_t timeout_ms) {
  bell *bell = take_bell();
  rfctls_status status = wait_by(bell, pollset, timeout_ms);
  give_bell(bell);
  return status;
}
