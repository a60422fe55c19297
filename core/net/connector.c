/* Connecting to whichever address of a name is the first to accept (Happy Eyeballs, RFC 8305): the next
 * address has its turn when one refuses, or when none has accepted for a while; those begun before go on
 * beside it. A dead address costs that while, not the timer. */
#include "base/error.h"
#include "base/memory.h"
#include "net/address.h"
#include "net/raw.h"

/* In nanoseconds: RFC 8305 section 5, and how long it may take until an older attempt is looked at again:
 * only the newest has its descriptor waited for. */
enum { DELAY = 250000000, LOOK_AGAIN = 25000000 };

typedef struct attempt {
  rfctls_address *address;
  intptr_t fd; /* RFCTLS__NO_FD: not begun, or over */
} attempt;

struct rfctls__connector {
  attempt *attempts; /* in their order */
  size_t count;
  size_t begun;
  size_t under_way;
  rfctls__deadline next; /* when another begins beside those under way */
  rfctls__error refusal; /* how the last one ended                     */
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

rfctls_status rfctls__connector_new(const rfctls_addresses *addresses, rfctls__connector **out) {
  rfctls__connector *connector = rfctls__alloc(sizeof *connector);
  *out = NULL;
  if (connector == NULL) {
    return rfctls__fail_memory();
  }
  connector->attempts = rfctls__alloc(rfctls_addresses_count(addresses) * sizeof(attempt));
  if (connector->attempts == NULL) {
    rfctls__connector_free(connector);
    return rfctls__fail_memory();
  }
  take_turns(connector, addresses);
  *out = connector;
  return RFCTLS_OK;
}

void rfctls__connector_free(rfctls__connector *connector) {
  if (connector == NULL) {
    return;
  }
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

intptr_t rfctls__connector_fd(const rfctls__connector *connector) {
  for (size_t i = connector->begun; i-- > 0;) {
    if (connector->attempts[i].fd != RFCTLS__NO_FD) {
      return connector->attempts[i].fd;
    }
  }
  return RFCTLS__NO_FD;
}

rfctls__deadline rfctls__connector_next(const rfctls__connector *connector) {
  rfctls__deadline next =
      connector->begun < connector->count ? connector->next : (rfctls__deadline)RFCTLS__NEVER;
  return connector->under_way > 1 ? rfctls__deadline_earlier(next, rfctls__now() + LOOK_AGAIN)
                                  : next;
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
                           rfctls_raw **out) {
  if (status == RFCTLS_OK) {
    status = rfctls__raw_new(each->fd, each->address, out);
    if (status == RFCTLS_OK) {
      each->fd = RFCTLS__NO_FD;
      connector->under_way--;
    }
    return status;
  }
  if (status == RFCTLS_E_CONNECT) {
    end(connector, each);
    connector->under_way--;
    return RFCTLS_WANT_WRITE;
  }
  return status;
}

static rfctls_status look(rfctls__connector *connector, rfctls_raw **out) {
  rfctls_status status = RFCTLS_WANT_WRITE;
  for (size_t i = 0; i < connector->begun && status == RFCTLS_WANT_WRITE; i++) {
    attempt *each = &connector->attempts[i];
    if (each->fd != RFCTLS__NO_FD) {
      status = judge(connector, each, rfctls__os_connected(each->fd), out);
    }
  }
  return status;
}

/* We may be short of something that attempts under way do not need. */
static rfctls_status begin(rfctls__connector *connector, rfctls_raw **out) {
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
  return judge(connector, each, status, out);
}

rfctls_status rfctls__connector_try(rfctls__connector *connector, rfctls_raw **out) {
  rfctls_status status;
  *out = NULL;
  status = look(connector, out);
  while (status == RFCTLS_WANT_WRITE && connector->begun < connector->count &&
         (connector->under_way == 0 || rfctls__deadline_passed(connector->next))) {
    status = begin(connector, out);
  }
  return status == RFCTLS_WANT_WRITE && connector->under_way == 0
             ? rfctls__error_restore(&connector->refusal)
             : status;
}
