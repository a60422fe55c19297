/* The operations of a transport without TLS. As those of TLS sockets they are steps that never wait, and
 * one loop that does. */
#include "net/transport_io.h"

#include <string.h>

#include "base/error.h"
#include "net/transport_os.h"
#include "net/transport_state.h"

typedef struct operation operation;

/* OK, WANT_*, E. */
typedef rfctls_status (*step)(rfctls_raw *raw, operation *call);

struct operation {
  step step;
  rfctls_timer timer;
  uint32_t flags;
  int waits;
  rfctls__deadline deadline;
};

/* ---- the loop ---- */

static void set_wait_policy(rfctls_raw *raw, operation *call) {
  rfctls__lock_take(&raw->lock);
  call->waits = raw->blocking && rfctls__raw_can_block(raw) && (call->flags & RFCTLS_DONTWAIT) == 0;
  call->deadline = call->waits ? rfctls__deadline_in(raw->timers[call->timer]) : RFCTLS__NEVER;
  rfctls__lock_drop(&raw->lock);
}

/* OK: look again. A timer that ran out is said after one more try, by the next sleep. */
static rfctls_status sleep_for(rfctls_raw *raw, const operation *call, rfctls_status want) {
  uint32_t events = want == RFCTLS_WANT_READ ? RFCTLS__POLL_READ : RFCTLS__POLL_WRITE;
  rfctls__connecting connecting = {.next = RFCTLS__NEVER};
  rfctls__waker *waker = NULL;
  rfctls__waiter waiter;
  intptr_t fd;
  rfctls_status status;
  if (rfctls__deadline_passed(call->deadline)) {
    return rfctls__raw_fail_late(raw);
  }
  status = rfctls__waker_take(&waker);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__raw_wait_begin(raw, waker, &waiter);
  (void)rfctls__raw_is_connecting(raw, &connecting);
  fd = rfctls_raw_fd(raw);
  if (fd != RFCTLS__NO_FD && (rfctls__raw_ready(raw) & events) == 0) {
    status = rfctls__wait(fd, events, waker,
                          rfctls__deadline_earlier(call->deadline, connecting.next), 0);
  }
  rfctls__raw_wait_end(raw, &waiter);
  rfctls__waker_give(waker);
  if (!rfctls__raw_is_open(raw)) {
    return rfctls__fail(RFCTLS_E_CLOSED, "the transport is closed");
  }
  return status == RFCTLS_E_TIMEOUT ? RFCTLS_OK : status;
}

static rfctls_status drive(rfctls_raw *raw, operation *call) {
  rfctls_status status = rfctls__raw_enter(raw);
  if (status != RFCTLS_OK) {
    return status;
  }
  set_wait_policy(raw, call);
  do {
    status = rfctls__raw_go_on_connecting(raw);
    if (status == RFCTLS_OK) {
      status = call->step(raw, call);
    }
    if (status <= 0 || !call->waits) {
      break;
    }
    status = sleep_for(raw, call, status);
  } while (status == RFCTLS_OK);
  rfctls__raw_leave(raw);
  if (status >= 0) {
    rfctls__error_clear(); /* of timers that were overcome */
  }
  return status;
}

/* ---- connect ---- */

static rfctls_status nothing_more(rfctls_raw *raw, operation *call) {
  (void)raw;
  (void)call;
  return RFCTLS_OK;
}

rfctls_status rfctls__raw_finish_connect(rfctls_raw *raw) {
  operation call = {.step = nothing_more, .timer = RFCTLS_TIMER_CONNECT};
  return drive(raw, &call);
}

rfctls_status rfctls_raw_finish_connect(rfctls_raw *raw) {
  rfctls__enter(__func__);
  return rfctls__raw_finish_connect(raw);
}

/* ---- accept ---- */

typedef struct accept_call {
  operation operation; /* first */
  rfctls_raw *raw;
} accept_call;

static void inherit(rfctls_raw *raw, rfctls_raw *from) {
  rfctls__lock_take(&from->lock);
  raw->blocking = from->blocking;
  memcpy(raw->timers, from->timers, sizeof raw->timers);
  rfctls__lock_drop(&from->lock);
}

static rfctls_status accept_step(rfctls_raw *raw, operation *call) {
  accept_call *into = (accept_call *)call;
  rfctls_status status;
  if (!raw->listens) {
    return rfctls__fail(RFCTLS_E_STATE, "only a listener accepts");
  }
  status = rfctls__raw_try_accept(raw, &into->raw);
  if (status == RFCTLS_OK) {
    inherit(into->raw, raw);
  }
  return status;
}

rfctls_status rfctls_raw_accept(rfctls_raw *listener, rfctls_raw **out) {
  accept_call call = {.operation = {.step = accept_step, .timer = RFCTLS_TIMER_ACCEPT}};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the accepted transport");
  if (status == RFCTLS_OK) {
    status = drive(listener, &call.operation);
  }
  if (status == RFCTLS_OK) {
    *out = call.raw;
  }
  return status;
}

/* ---- send and recv ---- */

static rfctls_status check_talking(const rfctls_raw *raw) {
  return raw->listens
             ? rfctls__fail(RFCTLS_E_STATE, "a listener neither sends nor receives: accept first")
             : RFCTLS_OK;
}

rfctls_status rfctls__check_flags(uint32_t flags, uint32_t known) {
  return (flags & ~known) == 0
             ? RFCTLS_OK
             : rfctls__fail(RFCTLS_E_ARGUMENT, "unknown flags 0x%x", (unsigned)(flags & ~known));
}

typedef struct send_call {
  operation operation; /* first */
  const uint8_t *data;
  size_t size;
  size_t sent;
} send_call;

static rfctls_status send_step(rfctls_raw *raw, operation *call) {
  send_call *from = (send_call *)call;
  rfctls_status status = check_talking(raw);
  while (status == RFCTLS_OK && from->sent < from->size) {
    size_t sent = 0;
    status = rfctls__raw_try_send(raw, from->data + from->sent, from->size - from->sent, &sent);
    from->sent += sent;
  }
  return status;
}

rfctls_status rfctls_raw_send(rfctls_raw *raw, uint32_t flags, const void *data, size_t size,
                              size_t *sent) {
  send_call call = {.operation = {.step = send_step, .timer = RFCTLS_TIMER_WRITE, .flags = flags},
                    .data = data,
                    .size = size};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__count(sent, data, size);
  if (status == RFCTLS_OK) {
    status = rfctls__check_flags(flags, RFCTLS_DONTWAIT);
  }
  if (status == RFCTLS_OK) {
    status = drive(raw, &call.operation);
    *sent = call.sent;
  }
  return status > 0 && call.sent > 0 ? RFCTLS_OK : status;
}

typedef struct recv_call {
  operation operation; /* first */
  uint8_t *buffer;
  size_t capacity;
  size_t received;
} recv_call;

/* The system tells of a reset once. */
static rfctls_status tell_reset(rfctls_raw *raw) {
  int64_t code;
  rfctls__lock_take(&raw->lock);
  code = raw->untold_reset;
  raw->untold_reset = 0;
  rfctls__lock_drop(&raw->lock);
  return code == 0 ? RFCTLS_OK : rfctls__fail_system(RFCTLS_E_RESET, code, "cannot receive");
}

static void keep_reset(rfctls_raw *raw) {
  rfctls__lock_take(&raw->lock);
  raw->untold_reset = rfctls_error_system_code();
  rfctls__lock_drop(&raw->lock);
}

static rfctls_status recv_step(rfctls_raw *raw, operation *call) {
  recv_call *into = (recv_call *)call;
  int peek = (call->flags & RFCTLS_PEEK) != 0;
  int all = (call->flags & RFCTLS_WAITALL) != 0 && !peek;
  size_t received = 0;
  rfctls_status status = check_talking(raw);
  if (status == RFCTLS_OK && into->capacity > 0 && into->received == 0) {
    status = tell_reset(raw);
  }
  if (status != RFCTLS_OK || into->capacity == 0) {
    return status;
  }
  do {
    status = rfctls__raw_try_recv(raw, into->buffer + into->received,
                                  into->capacity - into->received, peek, &received);
    into->received += received;
  } while (all && status == RFCTLS_OK && received > 0 && into->received < into->capacity);
  if (status == RFCTLS_E_RESET && into->received > 0) {
    keep_reset(raw);
  }
  return status;
}

rfctls_status rfctls_raw_recv(rfctls_raw *raw, uint32_t flags, void *buffer, size_t capacity,
                              size_t *received) {
  recv_call call = {.operation = {.step = recv_step, .timer = RFCTLS_TIMER_READ, .flags = flags},
                    .buffer = buffer,
                    .capacity = capacity};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__count(received, buffer, capacity);
  if (status == RFCTLS_OK) {
    status = rfctls__check_flags(flags, RFCTLS_PEEK | RFCTLS_DONTWAIT | RFCTLS_WAITALL);
  }
  if (status == RFCTLS_OK) {
    status = drive(raw, &call.operation);
    *received = call.received;
  }
  if (call.received > 0) { /* bytes go first; what stopped WAITALL shows again at the next call */
    rfctls__error_clear();
    return RFCTLS_OK;
  }
  return status;
}

/* ---- what was read ahead ---- */

rfctls_status rfctls_raw_unread(rfctls_raw *raw, const void *data, size_t size) {
  rfctls_status status;
  rfctls__enter(__func__);
  if (data == NULL && size > 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no data to give back");
  }
  if (raw != NULL && size == 0) {
    return RFCTLS_OK;
  }
  status = rfctls__raw_enter(raw);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (raw->listens) { /* NOLINT(clang-analyzer-core.NullDereference): no transport was refused */
    status = rfctls__fail(RFCTLS_E_STATE, "a listener has received nothing to give back");
  } else {
    status = rfctls__raw_put_unread(raw, data, size);
  }
  rfctls__raw_leave(raw);
  return status;
}

size_t rfctls_raw_pending(const rfctls_raw *raw) {
  return raw != NULL ? rfctls__raw_unread_size(raw) : 0;
}

/* ---- shutdown and close ---- */

rfctls_status rfctls__check_how(rfctls_how how) {
  switch (how) {
  case RFCTLS_SHUT_READ:
  case RFCTLS_SHUT_WRITE:
  case RFCTLS_SHUT_BOTH: return RFCTLS_OK;
  case RFCTLS_HOW_IS_INT: break;
  }
  return rfctls__fail(RFCTLS_E_ARGUMENT, "%d is no way to shut down", (int)how);
}

rfctls_status rfctls_raw_shutdown(rfctls_raw *raw, rfctls_how how) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__check_how(how);
  if (status == RFCTLS_OK) {
    status = rfctls__raw_enter(raw);
  }
  if (status == RFCTLS_OK) {
    status = raw->operations->shutdown(raw, how);
    rfctls__raw_leave(raw);
  }
  return status;
}

rfctls_status rfctls_raw_close(rfctls_raw *raw) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__raw_enter(raw);
  if (status == RFCTLS_OK) {
    rfctls__raw_close(raw);
    rfctls__raw_leave(raw);
  }
  if (status == RFCTLS_E_CLOSED) {
    rfctls__error_clear();
    status = RFCTLS_OK;
  }
  return status;
}

/* ---- how it waits ---- */

rfctls_status rfctls_raw_set_blocking(rfctls_raw *raw, int blocking) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__raw_enter(raw);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (blocking && !rfctls__raw_can_block(raw)) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "memory cannot be waited for");
  } else {
    rfctls__lock_take(&raw->lock);
    raw->blocking = blocking != 0;
    rfctls__lock_drop(&raw->lock);
  }
  rfctls__raw_leave(raw);
  return status;
}

/* Getters may lock a transport that is const to their caller. */
static rfctls_raw *lock(const rfctls_raw *raw) {
  rfctls_raw *mutable = (rfctls_raw *)raw;
  rfctls__lock_take(&mutable->lock);
  return mutable;
}

int rfctls_raw_is_blocking(const rfctls_raw *raw) {
  int blocking = 0;
  if (raw != NULL) {
    rfctls_raw *locked = lock(raw);
    blocking = locked->blocking;
    rfctls__lock_drop(&locked->lock);
  }
  return blocking;
}

static int has_timer(rfctls_timer timer) {
  return timer == RFCTLS_TIMER_READ || timer == RFCTLS_TIMER_WRITE || timer == RFCTLS_TIMER_ACCEPT;
}

int64_t rfctls_raw_timeout(const rfctls_raw *raw, rfctls_timer timer) {
  int64_t milliseconds = -1;
  if (raw != NULL && has_timer(timer)) {
    rfctls_raw *locked = lock(raw);
    milliseconds = locked->timers[timer];
    rfctls__lock_drop(&locked->lock);
  }
  return milliseconds;
}

int64_t rfctls_raw_wait_timeout(const rfctls_raw *raw) {
  rfctls__connecting connecting = {.next = RFCTLS__NEVER};
  if (raw != NULL) {
    (void)rfctls__raw_is_connecting(raw, &connecting);
  }
  return rfctls__deadline_left_ms(connecting.next);
}

rfctls_status rfctls_raw_set_timeout(rfctls_raw *raw, rfctls_timer timer, int64_t milliseconds) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__check_timer(timer, milliseconds);
  if (status == RFCTLS_OK && !has_timer(timer)) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "a transport has timers to read, write and accept");
  }
  if (status == RFCTLS_OK) {
    status = rfctls__raw_enter(raw);
  }
  if (status == RFCTLS_OK) {
    rfctls__lock_take(&raw->lock);
    raw->timers[timer] = milliseconds;
    rfctls__lock_drop(&raw->lock);
    rfctls__raw_leave(raw);
  }
  return status;
}
