/* Problems in words: see problem.h. */
#include "x509/verify_error.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "x509/date.h"
#include "x509/der.h"
#include "x509/ip.h"

/* ---- which one counts ---- */

/* Whose it is, whether it is genuine, what it may be used for, and when. */
static const rfctls_reason order[] = {
    RFCTLS_REASON_NAME,        RFCTLS_REASON_MALFORMED,     RFCTLS_REASON_ISSUER,
    RFCTLS_REASON_SELF_SIGNED, RFCTLS_REASON_SIGNATURE,     RFCTLS_REASON_EXTENSION,
    RFCTLS_REASON_CONSTRAINT,  RFCTLS_REASON_PURPOSE,       RFCTLS_REASON_WEAK,
    RFCTLS_REASON_REVOKED,     RFCTLS_REASON_NOT_YET_VALID, RFCTLS_REASON_EXPIRED,
    RFCTLS_REASON_OTHER};

enum { ORDER_SIZE = sizeof order / sizeof *order };

static size_t rank_of(rfctls_reason reason) {
  size_t rank = 0;
  while (rank < ORDER_SIZE && order[rank] != reason) {
    rank++;
  }
  return rank;
}

int rfctls__verify_error_precedes(rfctls_reason a, rfctls_reason b) {
  return rank_of(a) < rank_of(b);
}

int rfctls__verify_error_is_final(rfctls_reason reason) {
  return rank_of(reason) <= rank_of(RFCTLS_REASON_SIGNATURE);
}

/* ---- whom it is for ---- */

void rfctls__holder_release(rfctls__holder *holder) {
  rfctls__list_release(&holder->hosts);
  rfctls__list_release(&holder->addresses);
}

static void put_host(char *out, size_t size, const rfctls__list *hosts) {
  rfctls__bytes name = rfctls__list_at(hosts, 0);
  size_t kept = 0;
  for (; kept < name.size && kept + 1 < size; kept++) {
    out[kept] = (char)(name.data[kept] <= ' ' || name.data[kept] > '~' ? '?' : name.data[kept]);
  }
  out[kept] = '\0';
}

static void put_address(char *out, size_t size, const rfctls__list *addresses) {
  char text[RFCTLS__IP_ROOM];
  rfctls__bytes address = rfctls__list_at(addresses, 0);
  rfctls__ip_write(address.data, address.size, text);
  (void)snprintf(out, size, "%s", text);
}

void rfctls__holder_say(char *out, size_t size, const rfctls__holder *holder, int depth) {
  if (depth == 0 && holder->hosts.count > 0) {
    put_host(out, size, &holder->hosts);
  } else if (depth == 0 && holder->addresses.count > 0) {
    put_address(out, size, &holder->addresses);
  } else {
    (void)snprintf(out, size, "%s", holder->subject);
  }
}

/* ---- that it is another's ---- */

static int stands_as_host(const rfctls__list *hosts, const char *asked) {
  rfctls__bytes text = {(const uint8_t *)asked, strlen(asked)};
  for (size_t i = 0; i < hosts->count; i++) {
    if (rfctls__bytes_equal(rfctls__list_at(hosts, i), text)) {
      return 1;
    }
  }
  return 0;
}

/* What there is instead of a name of the kind that was asked for. */
static void say_others(char *out, size_t size, const rfctls__holder *holder) {
  char name[RFCTLS__HOLDER_NAME_SIZE];
  rfctls__holder_say(name, sizeof name, holder, 0);
  if (holder->hosts.count > 0) {
    (void)snprintf(out, size, ", only the host name %s", name);
  } else if (holder->addresses.count > 0) {
    (void)snprintf(out, size, ", only the IP address %s", name);
  } else if (holder->has_common_name) { /* RFC 9525 section 2 */
    (void)snprintf(out, size, ", only the common name %s, which does not count", name);
  } else {
    out[0] = '\0';
  }
}

static void say_name(char out[RFCTLS__VERIFY_ERROR_SIZE], const rfctls__verify_error *problem) {
  const rfctls__holder *holder = problem->holder;
  const char *asked = problem->asked;
  char name[RFCTLS__HOLDER_NAME_SIZE], others[RFCTLS__HOLDER_NAME_SIZE + 48];
  uint8_t ip[RFCTLS__IPV6_SIZE];
  int is_ip = rfctls__ip_parse(asked, ip) > 0;
  const char *kind = is_ip ? "IP addresses" : "host names";
  if (is_ip && stands_as_host(&holder->hosts, asked)) {
    (void)snprintf(
        out, RFCTLS__VERIFY_ERROR_SIZE,
        "certificate has %s IP addresses: %s stands as a host name in it, which does not count",
        holder->addresses.count > 0 ? "other" : "no", asked);
  } else if ((is_ip ? holder->addresses : holder->hosts).count == 0) {
    say_others(others, sizeof others, holder);
    (void)snprintf(out, RFCTLS__VERIFY_ERROR_SIZE, "certificate has no %s%s; %s was asked for",
                   kind, others, asked);
  } else {
    if (is_ip) {
      put_address(name, sizeof name, &holder->addresses);
    } else {
      put_host(name, sizeof name, &holder->hosts);
    }
    (void)snprintf(out, RFCTLS__VERIFY_ERROR_SIZE, "certificate is for %s, not for %s", name,
                   asked);
  }
}

/* ---- all else ---- */

static const char *words_of(rfctls_reason reason) {
  switch ((int)reason) { /* the others have more to say */
  case RFCTLS_REASON_SELF_SIGNED: return "is self-signed and not trusted";
  case RFCTLS_REASON_EXTENSION: return "has an extension that is critical and unknown, or wrong";
  case RFCTLS_REASON_CONSTRAINT: return "breaks a constraint of what issued it, or is no authority";
  case RFCTLS_REASON_PURPOSE: return "is not meant for this use";
  case RFCTLS_REASON_WEAK: return "has a key or a signature that is too weak";
  case RFCTLS_REASON_REVOKED: return "is revoked";
  case RFCTLS_REASON_SIGNATURE: return "has a signature that does not match";
  case RFCTLS_REASON_MALFORMED: return "cannot be read";
  default: return "cannot be verified";
  }
}

void rfctls__verify_error_say(char out[RFCTLS__VERIFY_ERROR_SIZE],
                              const rfctls__verify_error *problem) {
  const rfctls__holder *holder = problem->holder;
  const char *kind = problem->depth == 0 ? "certificate for" : "issuer certificate";
  char name[RFCTLS__HOLDER_NAME_SIZE], date[RFCTLS__DATE_SIZE];
  rfctls__holder_say(name, sizeof name, holder, problem->depth);
  switch ((int)problem->reason) {
  case RFCTLS_REASON_NAME: say_name(out, problem); return;
  case RFCTLS_REASON_EXPIRED:
    rfctls__date_write(holder->not_after, date);
    (void)snprintf(out, RFCTLS__VERIFY_ERROR_SIZE, "%s %s expired on %s", kind, name, date);
    return;
  case RFCTLS_REASON_NOT_YET_VALID:
    rfctls__date_write(holder->not_before, date);
    (void)snprintf(out, RFCTLS__VERIFY_ERROR_SIZE, "%s %s is not valid before %s", kind, name,
                   date);
    return;
  case RFCTLS_REASON_ISSUER:
    (void)snprintf(out, RFCTLS__VERIFY_ERROR_SIZE, "%s %s was issued by %s, which is not trusted",
                   kind, name, holder->issuer);
    return;
  default:
    (void)snprintf(out, RFCTLS__VERIFY_ERROR_SIZE, "%s %s %s%s%s%s", kind, name,
                   words_of(problem->reason), problem->detail != NULL ? " (" : "",
                   problem->detail != NULL ? problem->detail : "",
                   problem->detail != NULL ? ")" : "");
  }
}

/* ---- without a problem ---- */

rfctls_status rfctls__fail_refused(int64_t code, const rfctls__holder *holder) {
  char name[RFCTLS__HOLDER_NAME_SIZE];
  rfctls__holder_say(name, sizeof name, holder, 0);
  return rfctls__fail_verify(code, 0, RFCTLS_REASON_REFUSED,
                             "the program refused the certificate for %s", name);
}

rfctls_status rfctls__fail_missing(int64_t code, int from_client) {
  return rfctls__fail_verify(code, -1, RFCTLS_REASON_MISSING,
                             from_client ? "the client sent no certificate, and one is required"
                                         : "the server sent no certificate");
}
