/* What of TLS is seen from outside: records, alerts before there are keys, and the two hellos. SSPI tells
 * a client neither the alert that it got nor, everywhere, the version and cipher suite; it tells a
 * server nothing of the name that was asked for. */
#ifndef RFCTLS_SCHANNEL_RECORD_H
#define RFCTLS_SCHANNEL_RECORD_H

#include "base/buffer.h"
#include "rfctls/config.h"

enum {
  RFCTLS__RECORD_HEADER = 5,
  RFCTLS__RECORD_ALERT = 21,
  RFCTLS__RECORD_HANDSHAKE = 22,
  RFCTLS__ALERT_WARNING = 1,
  RFCTLS__ALERT_FATAL = 2
};

/* The record at the head of `in`. OK; WANT_READ: it is not whole; E_PROTOCOL: that is no TLS. */
rfctls_status rfctls__record_next(rfctls__bytes in, rfctls__bytes *record);
/* Level and description of an alert that is not encrypted; 0: it is none. */
int rfctls__record_alert(rfctls__bytes record, int *level, int *alert);
/* Appends a fatal alert, as one is sent before there are keys. */
rfctls_status rfctls__record_put_alert(rfctls__buffer *out, int alert);

/* What a ServerHello (RFC 8446 section 4.1.3), and before TLS 1.3 its ServerKeyExchange, agree on. */
typedef struct rfctls__agreed {
  rfctls_tls_version version; /* RFCTLS_TLS_ANY: none was seen */
  unsigned suite;
  unsigned group; /* of the key exchange; 0: none */
} rfctls__agreed;

/* Looks through records for these; the last ones count. What is neither changes nothing. */
void rfctls__record_see_agreed(rfctls__bytes records, rfctls__agreed *out);
/* The IANA name of a cipher suite; NULL: unknown. Static. */
const char *rfctls__suite_name(unsigned suite);
/* The same of a group. */
const char *rfctls__group_name(unsigned group);

/* What a ClientHello (section 4.1.2) asks for; views. */
typedef struct rfctls__asked {
  rfctls__bytes server_name; /* empty: none  */
  rfctls__bytes protocols;   /* as on the wire */
} rfctls__asked;

/* The ClientHello that a record holds; empty when there is none that is whole. */
void rfctls__record_see_asked(rfctls__bytes record, rfctls__asked *out);
/* Whether two lists of protocols, as on the wire, have one in common. */
int rfctls__protocols_meet(rfctls__bytes ours, rfctls__bytes theirs);

#endif
