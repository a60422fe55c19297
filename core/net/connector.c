/* Connecting to a name: it is looked up, then whichever of its addresses is the first to accept is taken (Happy
 * Eyeballs, RFC 8305): the next one has its turn when one refuses, or when none has accepted for a while; those
 * begun before go on beside it. A dead address costs that while, not the timer. */
#include "net/connector.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/address.h"
#include "net/resolver.h"

/* In nanoseconds: RFC 8305 section 5, and how long it may take until an older attempt is looked at again:
 * only the newest has its descriptor waited for. */
enum { DELAY = 250000000, LOOK_AGAIN = 25000000 };

typedef struct attempt {
  rfctls_address *address;
  intptr_t fd; /* RFCTLS__NO_FD: not begun, or over */
} attempt;

struct rfctls__connector {
  rfctls__lookup *lookup; /* until the addresses are known */
  attempt *attempts;      /* in their order                */
  size_t count;
  size_t begun;
  size_t under_way;
  rfctls__deadline next; /* when another begins beside those under way */
  rfctls__error refusal; /* how the last one ended                     */
  int64_t timeout_ms;
  rfctls__deadline deadline;           /* RFCTLS__NEVER when it has passed and was told */
  int late;                            /* it was: the next try begins anew              */
  char name[RFCTLS__MESSAGE_SIZE / 2]; /* whom to, for messages */
};

/* ---- life ---- */

static int is_other(const rfctls_addresses *addresses, size_t index) {
  return rfctls_address_family(rfctls_addresses_at(addresses, index)) !=
         rfctls_address_family(rfctls_addresses_at(addresses, 0));
}

/* RFC 8305 section 4: the families take turns, beginning with the resolver's first choice; within one its
 * order stays. */
static void take_turns(rfctls__connector *connector, const rfctls_addresses *addresses) {
  size_t count = rfctls_addresses_count(addresses);
  size_t next[2] = {0, 0}; /* of the first's family, of the others */
  for (int other = 0; connector->count < count; other = !other) {
    while (next[other] < count && is_other(addresses, next[other]) != other) {
      next[other]++;
    }
    if (next[other] < count) {
      connector->attempts[connector->count++] = (attempt){
          rfctls_address_ref(rfctls_addresses_at(addresses, next[other]++)), RFCTLS__NO_FD};
    }
  }
}

static rfctls_status take_addresses(rfctls__connector *connector,
                                    const rfctls_addresses *addresses) {
  connector->attempts = rfctls__alloc(rfctls_addresses_count(addresses) * sizeof(attempt));
  if (connector->attempts == NULL) {
    return rfctls__fail_memory();
  }
  take_turns(connector, addresses);
  return RFCTLS_OK;
}

static rfctls_status make(int64_t timeout_ms, rfctls__connector **out) {
  *out = rfctls__alloc(sizeof **out);
  if (*out == NULL) {
    return rfctls__fail_memory();
  }
  (*out)->timeout_ms = timeout_ms;
  (*out)->deadline = rfctls__deadline_in(timeout_ms);
  return RFCTLS_OK;
}

static rfctls_status hand_over(rfctls_status status, rfctls__connector *connector,
                               rfctls__connector **out) {
  if (status != RFCTLS_OK) {
    rfctls__connector_free(connector);
    return status;
  }
  *out = connector;
  return RFCTLS_OK;
}

rfctls_status rfctls__connector_new(const char *node, const char *service, rfctls_family family,
                                    int64_t timeout_ms, rfctls__connector **out) {
  rfctls__connector *connector = NULL;
  rfctls_addresses *addresses = NULL;
  rfctls_status status = make(timeout_ms, &connector);
  *out = NULL;
  if (status != RFCTLS_OK) {
    return status;
  }
  status = rfctls__lookup_begin(node, service, family, &addresses, &connector->lookup);
  if (status == RFCTLS_OK) {
    status = take_addresses(connector, addresses);
    rfctls_addresses_unref(addresses);
  }
  (void)snprintf(connector->name, sizeof connector->name, "%s port %s",
                 node != NULL ? node : "this host", service);
  return hand_over(status == RFCTLS_WANT_READ ? RFCTLS_OK : status, connector, out);
}

rfctls_status rfctls__connector_to(rfctls_address *address, int64_t timeout_ms,
                                   rfctls__connector **out) {
  rfctls__connector *connector = NULL;
  rfctls_status status = make(timeout_ms, &connector);
  *out = NULL;
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__address_text(address, connector->name, sizeof connector->name);
  connector->attempts = rfctls__alloc(sizeof(attempt));
  if (connector->attempts == NULL) {
    return hand_over(rfctls__fail_memory(), connector, out);
  }
  connector->attempts[connector->count++] = (attempt){rfctls_address_ref(address), RFCTLS__NO_FD};
  return hand_over(RFCTLS_OK, connector, out);
}

void rfctls__connector_free(rfctls__connector *connector) {
  if (connector == NULL) {
    return;
  }
  rfctls__lookup_free(connector->lookup);
  for (size_t i = 0; i < connector->count; i++) {
    if (connector->attempts[i].fd != RFCTLS__NO_FD) {
      rfctls__os_close(connector->attempts[i].fd);
    }
    rfctls_address_unref(connector->attempts[i].address);
  }
  rfctls__free(connector->attempts);
  rfctls__free(connector);
}

/* ---- waiting ---- */

static intptr_t newest(const rfctls__connector *connector) {
  for (size_t i = connector->begun; i-- > 0;) {
    if (connector->attempts[i].fd != RFCTLS__NO_FD) {
      return connector->attempts[i].fd;
    }
  }
  return RFCTLS__NO_FD;
}

static rfctls__deadline next_look(const rfctls__connector *connector) {
  rfctls__deadline next = connector->deadline;
  if (connector->lookup == NULL && connector->begun < connector->count) {
    next = rfctls__deadline_earlier(next, connector->next);
  }
  return connector->under_way > 1 ? rfctls__deadline_earlier(next, rfctls__now() + LOOK_AGAIN)
                                  : next;
}

rfctls__connecting rfctls__connector_state(const rfctls__connector *connector) {
  int resolves = connector->lookup != NULL;
  return (rfctls__connecting){
      .fd = resolves ? rfctls__lookup_fd(connector->lookup) : newest(connector),
      .events = resolves ? RFCTLS__POLL_READ : RFCTLS__POLL_WRITE,
      .next = next_look(connector),
      .deadline = connector->deadline,
  };
}

/* ---- trying ---- */

/* The address refused: the failure gets its name. */
static void end(rfctls__connector *connector, attempt *each) {
  char text[RFCTLS__MESSAGE_SIZE];
  rfctls__address_text(each->address, text, sizeof text);
  (void)rfctls__fail_system(RFCTLS_E_CONNECT, rfctls_error_system_code(), "cannot connect to %s",
                            text);
  rfctls__error_save(&connector->refusal);
  rfctls__error_clear();
  if (each->fd != RFCTLS__NO_FD) {
    rfctls__os_close(each->fd);
    each->fd = RFCTLS__NO_FD;
  }
}

/* What an attempt that has come to status means to all: OK, WANT_WRITE to go on with the others, E. */
static rfctls_status judge(rfctls__connector *connector, attempt *each, rfctls_status status,
                           intptr_t *fd, rfctls_address **to) {
  if (status == RFCTLS_OK) {
    *fd = each->fd;
    *to = rfctls_address_ref(each->address);
    each->fd = RFCTLS__NO_FD;
    connector->under_way--;
    return status;
  }
  if (status == RFCTLS_E_CONNECT) {
    end(connector, each);
    connector->under_way--;
    return RFCTLS_WANT_WRITE;
  }
  return status;
}

static rfctls_status look(rfctls__connector *connector, intptr_t *fd, rfctls_address **to) {
  rfctls_status status = RFCTLS_WANT_WRITE;
  for (size_t i = 0; i < connector->begun && status == RFCTLS_WANT_WRITE; i++) {
    attempt *each = &connector->attempts[i];
    if (each->fd != RFCTLS__NO_FD) {
      status = judge(connector, each, rfctls__os_connected(each->fd), fd, to);
    }
  }
  return status;
}

/* We may be short of something that attempts under way do not need. */
static rfctls_status begin(rfctls__connector *connector, intptr_t *fd, rfctls_address **to) {
  attempt *each = &connector->attempts[connector->begun];
  rfctls_status status = rfctls__os_connect(rfctls__address_endpoint(each->address), &each->fd);
  connector->next = rfctls__now() + DELAY;
  if (status < 0 && status != RFCTLS_E_CONNECT) {
    if (connector->under_way == 0) {
      return status;
    }
    rfctls__error_clear();
    return RFCTLS_WANT_WRITE;
  }
  connector->begun++;
  connector->under_way++;
  return judge(connector, each, status, fd, to);
}

static rfctls_status reach(rfctls__connector *connector, intptr_t *fd, rfctls_address **to) {
  rfctls_status status = look(connector, fd, to);
  while (status == RFCTLS_WANT_WRITE && connector->begun < connector->count &&
         (connector->under_way == 0 || rfctls__deadline_passed(connector->next))) {
    status = begin(connector, fd, to);
  }
  return status == RFCTLS_WANT_WRITE && connector->under_way == 0
             ? rfctls__error_restore(&connector->refusal)
             : status;
}

static rfctls_status resolve(rfctls__connector *connector) {
  const rfctls_addresses *addresses;
  rfctls_status status = rfctls__lookup_try(connector->lookup, &addresses);
  if (status == RFCTLS_OK) {
    status = take_addresses(connector, addresses);
  }
  if (status == RFCTLS_OK) {
    rfctls__lookup_free(connector->lookup);
    connector->lookup = NULL;
  }
  return status;
}

rfctls_status rfctls__connector_fail_late(const rfctls__connector *connector) {
  return rfctls__fail(RFCTLS_E_TIMEOUT,
                      connector->lookup != NULL ? "%s: the resolver did not answer in time"
                                                : "%s did not accept the connection in time",
                      connector->name);
}

rfctls_status rfctls__connector_try(rfctls__connector *connector, intptr_t *fd,
                                    rfctls_address **to) {
  rfctls_status status = RFCTLS_OK;
  *fd = RFCTLS__NO_FD;
  *to = NULL;
  if (connector->late) {
    connector->late = 0;
    connector->deadline = rfctls__deadline_in(connector->timeout_ms);
  }
  if (connector->lookup != NULL) {
    status = resolve(connector);
  }
  if (status == RFCTLS_OK) {
    status = reach(connector, fd, to);
  }
  if (status > 0 && rfctls__deadline_passed(connector->deadline)) {
    connector->late = 1;
    connector->deadline = RFCTLS__NEVER;
    return rfctls__connector_fail_late(connector);
  }
  return status;
}
