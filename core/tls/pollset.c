/* Readiness of many sockets: the same look that a sleeping operation takes, for each, and one sleep. */
#include "rfctls/pollset.h"

#include "base/alloc.h"
#include "tls/wait.h"

typedef struct member {
  rfctls_socket *socket; /* one of the two is set, and owned */
  rfctls_raw *raw;
  uint32_t events;
  uint32_t found;
  rfctls__wait_entry entry; /* while waiting */
  int connects;             /* the same      */
} member;

struct rfctls_pollset {
  member *members;
  rfctls__poll *polls; /* one a member, and one for the waker */
  size_t count;
  size_t capacity;
};

enum { WANTED = RFCTLS_EVENT_READ | RFCTLS_EVENT_WRITE, EVENTS = WANTED | RFCTLS_EVENT_ERROR };

rfctls_status rfctls_pollset_new(rfctls_pollset **out) {
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the pollset");
  }
  *out = rfctls__alloc(sizeof **out);
  return *out != NULL ? RFCTLS_OK : rfctls__fail_memory();
}

void rfctls_pollset_clear(rfctls_pollset *pollset) {
  if (pollset == NULL) {
    return;
  }
  for (size_t i = 0; i < pollset->count; i++) {
    rfctls_socket_unref(pollset->members[i].socket);
    rfctls_raw_unref(pollset->members[i].raw);
  }
  pollset->count = 0;
}

void rfctls_pollset_unref(rfctls_pollset *pollset) {
  if (pollset != NULL) {
    rfctls_pollset_clear(pollset);
    rfctls__free(pollset->members);
    rfctls__free(pollset->polls);
    rfctls__free(pollset);
  }
}

static rfctls_status grow(rfctls_pollset *pollset) {
  size_t capacity = pollset->capacity == 0 ? 16 : pollset->capacity * 2;
  member *members;
  rfctls__poll *polls;
  if (pollset->count < pollset->capacity) {
    return RFCTLS_OK;
  }
  members = rfctls__realloc(pollset->members, capacity * sizeof *members);
  if (members == NULL) {
    return rfctls__fail_memory();
  }
  pollset->members = members;
  polls = rfctls__realloc(pollset->polls, (capacity + 1) * sizeof *polls);
  if (polls == NULL) {
    return rfctls__fail_memory();
  }
  pollset->polls = polls;
  pollset->capacity = capacity;
  return RFCTLS_OK;
}

/* The set takes over the reference that socket or raw stands for. */
static rfctls_status add(rfctls_pollset *pollset, rfctls_socket *socket, rfctls_raw *raw,
                         uint32_t events, size_t *index) {
  rfctls_status status = rfctls__output(index, sizeof *index, "the index");
  if (status == RFCTLS_OK && (pollset == NULL || (socket == NULL && raw == NULL))) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no pollset, or nothing to add");
  }
  if (status == RFCTLS_OK && (events & ~(uint32_t)EVENTS) != 0) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "unknown events 0x%x", (unsigned)events);
  }
  if (status == RFCTLS_OK) {
    status = grow(pollset);
  }
  if (status != RFCTLS_OK) {
    rfctls_socket_unref(socket);
    rfctls_raw_unref(raw);
    return status;
  }
  *index = pollset->count;
  pollset->members[pollset->count++] = (member){.socket = socket, .raw = raw, .events = events};
  return RFCTLS_OK;
}

rfctls_status rfctls_pollset_add_socket(rfctls_pollset *pollset, rfctls_socket *socket,
                                        uint32_t events, size_t *index) {
  rfctls__enter(__func__);
  return add(pollset, rfctls_socket_ref(socket), NULL, events, index);
}

rfctls_status rfctls_pollset_add_raw(rfctls_pollset *pollset, rfctls_raw *raw, uint32_t events,
                                     size_t *index) {
  rfctls__enter(__func__);
  return add(pollset, NULL, rfctls_raw_ref(raw), events, index);
}

/* What RFCTLS__POLL_* of the transport mean to one who wants this. */
static uint32_t events_of(uint32_t found, uint32_t wanted) {
  uint32_t events = 0;
  if ((found & RFCTLS__POLL_READ) != 0) {
    events |= RFCTLS_EVENT_READ & wanted;
  }
  if ((found & RFCTLS__POLL_WRITE) != 0) {
    /* Replies of ours that wait to leave: whoever wants to read must be called to send them. */
    events |= (wanted & RFCTLS_EVENT_WRITE) != 0 ? (uint32_t)RFCTLS_EVENT_WRITE : wanted;
  }
  if ((found & RFCTLS__POLL_ERROR) != 0) {
    events |= RFCTLS_EVENT_ERROR | wanted;
  }
  return events;
}

static void look_at_memory(member *each, const rfctls_raw *raw, const rfctls__poll *poll) {
  if (raw != NULL) {
    each->found |= events_of(rfctls__raw_ready(raw) & poll->events, each->events & WANTED);
  }
}

/* What is known without asking the system; a socket's lock is taken. */
static void look_inside(member *each) {
  const rfctls_socket *socket = each->socket;
  uint32_t wanted = each->events & WANTED;
  int over = socket == NULL ? !rfctls__raw_is_open(each->raw)
                            : socket->closing == RFCTLS__CLOSED || rfctls__timer_ran_out(socket);
  if (over) {
    each->found |= RFCTLS_EVENT_ERROR | wanted;
  }
  if (rfctls__deadline_passed(each->entry.deadline)) {
    each->found |= wanted;
  }
  if (socket != NULL && (wanted & RFCTLS_EVENT_READ) != 0 && rfctls__readable(socket)) {
    each->found |= RFCTLS_EVENT_READ;
  }
}

/* While it connects, there is one thing to wait for, whatever is wanted then. */
static void wait_for_connecting(member *each, const rfctls_raw *raw, rfctls__poll *poll) {
  rfctls__connecting connecting;
  each->connects = rfctls__raw_is_connecting(raw, &connecting);
  if (each->connects) {
    poll->fd = connecting.fd;
    poll->events = (each->events & WANTED) != 0 ? connecting.events : 0;
    each->entry.deadline = rfctls__deadline_earlier(each->entry.deadline, connecting.next);
  }
}

/* Takes a place among those who are woken, and only then looks: a close before is seen, one after it
 * wakes. */
static void begin_look(member *each, rfctls__waker *waker, rfctls__poll *poll) {
  rfctls_socket *socket = each->socket;
  each->found = 0;
  *poll = (rfctls__poll){.fd = RFCTLS__NO_FD, .events = each->events & WANTED};
  each->entry.deadline = RFCTLS__NEVER;
  if (socket == NULL) {
    rfctls__raw_wait_begin(each->raw, waker, &each->entry.waiter);
    poll->fd = rfctls_raw_fd(each->raw);
    wait_for_connecting(each, each->raw, poll);
    look_inside(each);
    look_at_memory(each, each->raw, poll);
    return;
  }
  rfctls__socket_lock(socket);
  rfctls__wait_entry_begin(
      socket, (each->events & RFCTLS_EVENT_READ) != 0 ? RFCTLS_WANT_READ : RFCTLS_WANT_WRITE, waker,
      &each->entry);
  poll->fd = each->entry.fd;
  poll->events = each->entry.events |
                 ((each->events & RFCTLS_EVENT_WRITE) != 0 ? (uint32_t)RFCTLS__POLL_WRITE : 0);
  wait_for_connecting(each, socket->raw, poll);
  look_inside(each);
  look_at_memory(each, socket->raw, poll);
  rfctls__socket_unlock(socket);
}

static void end_look(member *each, const rfctls__poll *poll) {
  each->found |= events_of(poll->found, each->events & WANTED);
  if (each->connects && poll->found != 0) {
    each->found |= each->events & WANTED;
  }
  if (each->socket == NULL) {
    look_inside(each);
    rfctls__raw_wait_end(each->raw, &each->entry.waiter);
  } else {
    rfctls__socket_lock(each->socket);
    look_inside(each);
    rfctls__wait_entry_end(each->socket, &each->entry);
    rfctls__socket_unlock(each->socket);
  }
}

static rfctls_status look(rfctls_pollset *pollset, rfctls__waker *waker, rfctls__deadline deadline,
                          size_t *ready) {
  rfctls_status status;
  int early = 0;
  for (size_t i = 0; i < pollset->count; i++) {
    begin_look(&pollset->members[i], waker, &pollset->polls[i]);
    early |= pollset->members[i].found != 0;
    deadline = rfctls__deadline_earlier(deadline, pollset->members[i].entry.deadline);
  }
  pollset->polls[pollset->count] =
      (rfctls__poll){.fd = rfctls__waker_fd(waker), .events = RFCTLS__POLL_READ};
  status = rfctls__wait_many(pollset->polls, pollset->count + 1,
                             early ? rfctls__deadline_in(0) : deadline, &(size_t){0});
  for (size_t i = 0; i < pollset->count; i++) {
    end_look(&pollset->members[i], &pollset->polls[i]);
    *ready += pollset->members[i].found != 0;
  }
  return status;
}

rfctls_status rfctls_pollset_wait(rfctls_pollset *pollset, int64_t timeout_ms, size_t *ready) {
  rfctls__waker *waker = NULL;
  rfctls_status status;
  rfctls__deadline deadline = rfctls__deadline_in(timeout_ms);
  rfctls__enter(__func__);
  status = rfctls__output(ready, sizeof *ready, "the count");
  if (status == RFCTLS_OK && pollset == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no pollset");
  }
  if (status == RFCTLS_OK) {
    status = grow(pollset); /* an empty set sleeps, too */
  }
  if (status == RFCTLS_OK) {
    status = rfctls__waker_take(&waker);
  }
  if (status == RFCTLS_OK) {
    size_t found = 0;
    status = look(pollset, waker, deadline, &found);
    *ready = status == RFCTLS_OK ? found : 0;
    rfctls__waker_give(waker);
  }
  return status;
}

uint32_t rfctls_pollset_events(const rfctls_pollset *pollset, size_t index) {
  return pollset != NULL && index < pollset->count ? pollset->members[index].found : 0;
}
