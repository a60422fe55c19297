/* What a TLS socket holds, as seen by the files of this folder. Everything below `lock` is guarded by
 * it, but for what never changes after the socket was made: role, process, and config, unless it is a
 * listener's. */
#ifndef RFCTLS_TLS_SOCKET_H
#define RFCTLS_TLS_SOCKET_H

#include "base/buffer.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "engine/engine.h"
#include "net/raw.h"
#include "net/wait.h"
#include "rfctls/chain.h"
#include "rfctls/socket.h"
#include "tls/config.h"
#include "tls/session.h"

typedef enum rfctls__phase {
  RFCTLS__LISTENING,
  RFCTLS__CONNECTING,  /* the transport is on its way            */
  RFCTLS__OPENING,     /* connected; the handshake is to come    */
  RFCTLS__SHAKING,     /* conn is set                            */
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
  RFCTLS__SAYING_GOODBYE, /* what is owed, then close_notify       */
  RFCTLS__DRAINING,       /* FIN is sent; until all is acknowledged */
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

  rfctls_raw *raw;        /* never changes                                        */
  rfctls__conn *conn;     /* from SHAKING on                                      */
  rfctls__frozen *frozen; /* what conn is made of: one reference                  */
  rfctls__buffer in;      /* came, not decrypted yet                              */
  rfctls__buffer out;     /* encrypted, not sent yet                              */
  rfctls__buffer plain;   /* decrypted, not received yet: after a peek or a failed write */
  rfctls__end tcp;        /* of the incoming bytes: ENDED is FIN                  */
  int heard;              /* the peer's first bytes have come                     */
  int begins_with_http;   /* and were no TLS                                      */
  int undecided;          /* `in` may hold a whole record                         */
  size_t owed;            /* plaintext whose records lie in `out`                 */

  const void *sender;     /* the call whose turn it is to send  */
  const void *shaker;     /* the call that does the handshake   */
  rfctls_status question; /* WANT_VERIFY, WANT_IDENTITY, or OK: none is open */

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

/* A new socket around a transport, which it owns from now on, on failure too. */
rfctls_status rfctls__socket_new(rfctls_config *config, rfctls_raw *raw, rfctls_socket **out);

/* E_ARGUMENT for NULL, E_FORKED in a child process. */
rfctls_status rfctls__enter_socket(const rfctls_socket *socket);
/* Getters may lock a socket that is const to their caller. */
rfctls_socket *rfctls__socket_lock(const rfctls_socket *socket);
void rfctls__socket_unlock(const rfctls_socket *socket);
/* What node and service answer. */
rfctls_status rfctls__socket_set_node(rfctls_socket *socket, const char *node, const char *service);
/* The name that this client asks for and checks. */
rfctls_status rfctls__socket_use_name(rfctls_socket *socket, const char *name);
/* The timer of a verb that several calls may make up: *kept begins with the first of them. */
rfctls__deadline rfctls__lasting_deadline(const rfctls_socket *socket, rfctls_timer timer,
                                          rfctls__deadline *kept);

/* ---- resume.c: clients ---- */

/* Before the handshake that opens so: offers the given session, or one that the process keeps, if it is
 * for this connection. */
rfctls_status rfctls__session_offer(rfctls_socket *socket, const rfctls__opening *opening);
/* When the facts are known: whether the server took the given one. */
void rfctls__session_answered(rfctls_socket *socket);
/* The handshake broke: what was tried is not tried again soon. */
void rfctls__session_gone(rfctls_socket *socket, rfctls_status status);
/* After any step: keeps a session that has come, for the program and for the process. */
void rfctls__session_collect(rfctls_socket *socket);

/* ---- question.c ---- */

/* Keeps the certificates of the findings for rfctls_socket_finding_cert. */
rfctls_status rfctls__question_open(rfctls_socket *socket, rfctls_status question);
void rfctls__question_close(rfctls_socket *socket);
/* Asks the config's function, outside the lock, and leaves the answer: OK; or the question itself,
 * when there is no function and the caller has to answer. */
rfctls_status rfctls__question_ask(rfctls_socket *socket);

#endif
