/* What a TLS socket holds, as the files of this folder see it. Everything below `lock` is guarded by
 * it, but for what never changes after the socket was made: role, process, and config, unless it is a
 * listener's. */
#ifndef RFCTLS_TLS_SOCKET_STATE_H
#define RFCTLS_TLS_SOCKET_STATE_H

#include "base/buffer.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "engine/engine.h"
#include "net/transport.h"
#include "net/wait.h"
#include "rfctls/chain.h"
#include "rfctls/socket.h"
#include "tls/config.h"
#include "tls/session.h"

typedef enum rfctls__phase {
  RFCTLS__LISTENING,
  RFCTLS__CONNECTING,  /* the transport is on its way            */
  RFCTLS__OPENING,     /* connected; the handshake is to come    */
  RFCTLS__HANDSHAKING, /* conn is set                            */
  RFCTLS__ESTABLISHED, /* facts are known                        */
  RFCTLS__BROKEN       /* the handshake failed                   */
} rfctls__phase;

/* One direction of the connection. */
typedef enum rfctls__end {
  RFCTLS__OPEN,
  RFCTLS__ENDED, /* politely: close_notify, or our own shutdown */
  RFCTLS__CUT,   /* reading only: TCP ended first               */
  RFCTLS__FAILED /* `failure` says how                          */
} rfctls__end;

/* How far a close has come. */
typedef enum rfctls__closing {
  RFCTLS__NOT_CLOSING,
  RFCTLS__SENDING_CLOSE_NOTIFY, /* what is pending, then close_notify       */
  RFCTLS__DRAINING,             /* FIN is sent; until all is acknowledged */
  RFCTLS__CLOSED
} rfctls__closing;

struct rfctls_socket {
  rfctls__refcount refs;
  rfctls_config *config;
  rfctls_role role;
  uint64_t process;

  rfctls__lock lock;
  rfctls__phase phase;
  rfctls__end read_end;
  rfctls__end write_end;
  rfctls__closing closing;
  rfctls__error failure; /* what FAILED stands for */

  rfctls_raw *raw;                /* never changes                                        */
  rfctls__conn *conn;             /* from HANDSHAKING on                                      */
  rfctls__shared_context *shared; /* what conn is made of: one reference                  */
  rfctls__buffer in;              /* came, not decrypted yet                              */
  rfctls__buffer out;             /* encrypted, not sent yet                              */
  rfctls__buffer plain;           /* decrypted, not received yet: after a peek or a failed write */
  rfctls__end tcp;                /* of the incoming bytes: ENDED is FIN                  */
  int heard;                      /* the peer's first bytes have come                     */
  int begins_with_http;           /* and were no TLS                                      */
  int undecided;                  /* `in` may hold a whole record                         */
  size_t pending_write;           /* plaintext whose records lie in `out`                 */

  const void *sender;     /* the call whose turn it is to send  */
  const void *handshaker; /* the call that does the handshake   */
  rfctls_status decision; /* WANT_VERIFY, WANT_IDENTITY, or OK: none is open */

  rfctls__waiter *waiters;
  size_t users; /* calls inside; the last one to leave a closed socket closes the descriptor */
  int changed;  /* something happened that sleepers have to look at */

  int blocking;
  int64_t timers[RFCTLS__TIMER_COUNT];
  rfctls__deadline handshake_deadline; /* RFCTLS__NEVER: not begun, or none */
  rfctls__deadline close_deadline;

  char *node;
  char *service;
  char *server_name; /* of this connection; NULL: the config's, or node */
  int server_name_is_ip;
  rfctls__buffer protocols;  /* of this connection; empty: the config's         */
  rfctls__buffer extensions; /* the config's and this connection's; empty: the config's */
  int ask_verify;
  int ask_identity;

  rfctls_session *session; /* client: to be offered; from the handshake on, the newest that came */
  rfctls__session_key session_key;
  int session_offered;         /* the one that was given                     */
  const char *session_refused; /* why it is not used; static, or NULL        */
  rfctls_session *tried;       /* the one that was kept, while it is offered */

  rfctls__facts facts;
  char *protocol; /* ALPN, NULL: none */
  rfctls_chain *findings;
  rfctls_chain *peer_chain;
};

/* E_ARGUMENT for NULL, E_FORKED in a child process. */
rfctls_status rfctls__enter_socket(const rfctls_socket *socket);
/* Getters may lock a socket that is const to their caller. */
rfctls_socket *rfctls__socket_lock(const rfctls_socket *socket);
void rfctls__socket_unlock(const rfctls_socket *socket);
/* The timer of an operation that several calls may make up: *kept begins with the first of them. */
rfctls__deadline rfctls__lasting_deadline(const rfctls_socket *socket, rfctls_timer timer,
                                          rfctls__deadline *kept);
/* Wakes those who wait, if something has changed, and gives the memory of empty buffers back. */
void rfctls__before_sleep(rfctls_socket *socket);
/* A look after which the caller may leave the socket: wakes and closes what has to be. */
void rfctls__leave(rfctls_socket *socket);

/* A whole record may lie in `in`. */
static inline int rfctls__may_hold_record(const rfctls_socket *socket) {
  return socket->undecided && rfctls__buffer_size(&socket->in) > 0;
}

/* Nothing tells when a program feeds memory: over it, no call waits. */
static inline int rfctls__can_block(const rfctls_socket *socket) {
  return rfctls__raw_can_block(socket->raw);
}

#endif
