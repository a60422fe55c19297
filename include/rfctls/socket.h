/* The TLS socket: a client, a listener, or what a listener accepted.
 *
 * connect, listen, wrap and accept speak only TCP; handshake is a verb of its own. A blocking socket
 * (the default) waits up to its timer and answers RFCTLS_E_TIMEOUT past it; a non-blocking one answers
 * RFCTLS_WANT_*: wait (rfctls_socket_wait, rfctls_pollset, any event loop), then call again.
 *
 * One thread may receive while another sends and a third closes. After close, getters still answer and
 * verbs answer RFCTLS_E_CLOSED. Over memory (rfctls_raw_memory) a socket is always non-blocking. */
#ifndef RFCTLS_SOCKET_H
#define RFCTLS_SOCKET_H

#include "rfctls/address.h"
#include "rfctls/config.h"
#include "rfctls/raw.h"
#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* How large what is made for other uses may be, in bytes. */
typedef enum rfctls_limit {
  RFCTLS_LIMIT_BINDING = 64, /* a channel binding: the largest hash             */
  RFCTLS_LIMIT_KEY = 8160,   /* an exported key: 255 * 32 (RFC 5869 section 2.3) */
  RFCTLS_LIMIT_IS_INT = 0x7fffffff
} rfctls_limit;
RFCTLS_ENUM_IS_INT(rfctls_limit);

/* ---- make ---- */

/* A client, connected by TCP to the first address of node that accepts, as by rfctls_raw_connect, within
 * RFCTLS_TIMER_CONNECT. node is also what SNI and the name check use. Non-blocking: comes back at once, the
 * handshake connects first. RFCTLS_E_RESOLVE, RFCTLS_E_CONNECT, RFCTLS_E_TIMEOUT. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_connect(const char *node, const char *service,
                                                           rfctls_config *config,
                                                           rfctls_socket **out);
/* Until a non-blocking client is connected, the handshake still to come: RFCTLS_OK, at once where it is
 * already; RFCTLS_WANT_READ, RFCTLS_WANT_WRITE; the errors of connect. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_finish_connect(rfctls_socket *socket);
/* A listener. node NULL: all addresses, IPv4 and IPv6 in one where the system can. service "0": any
 * free port, which local_address tells. RFCTLS_E_IDENTITY: the config has no identity, and no
 * question for one. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_listen(const char *node, const char *service,
                                                          rfctls_config *config,
                                                          rfctls_socket **out);
/* A TLS socket over a transport that exists (STARTTLS, proxies, inherited listeners), or that connects; its
 * role is the config's. A client that checks names needs rfctls_socket_set_peer or _set_server_name first. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_wrap(rfctls_raw *raw, rfctls_config *config,
                                                        rfctls_socket **out);
/* The next connection of a listener, its handshake still to come. RFCTLS_E_TIMEOUT,
 * RFCTLS_WANT_READ. RFCTLS_E_SYSTEM (too many open files) leaves the listener alive. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_accept(rfctls_socket *listener,
                                                          rfctls_socket **out);
/* Gives a listener another config, for the connections that it accepts from now on; what it accepted
 * before keeps its own, and none is lost in between. Timers and blocking of the listener itself stay as
 * they are. RFCTLS_E_ARGUMENT: a client's config. RFCTLS_E_IDENTITY as for listen; RFCTLS_E_STATE: not
 * a listener. A failure changes nothing. Any thread may call it while others accept. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_reload(rfctls_socket *listener,
                                                          rfctls_config *config);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_socket *RFCTLS_CALL rfctls_socket_ref(rfctls_socket *socket);
/* Drops one reference; the last one closes an owned descriptor without a goodbye. */
RFCTLS_API void RFCTLS_CALL rfctls_socket_unref(rfctls_socket *socket);

/* ---- this connection only, until its handshake begins, then RFCTLS_E_STATE ---- */

/* The name to ask for and to check; see rfctls_config_set_server_name. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_set_server_name(rfctls_socket *socket,
                                                                   const char *name);
/* Appends an application protocol; the first call replaces the config's list. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_add_protocol(rfctls_socket *socket,
                                                                const char *name);
/* Adds an extension to this hello, beside the config's; see rfctls_config_add_hello_extension. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_add_hello_extension(rfctls_socket *socket,
                                                                       uint16_t type,
                                                                       const void *data,
                                                                       size_t size);
/* Which questions the handshake returns; see rfctls_config_set_asking. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_set_asking(rfctls_socket *socket, int verify,
                                                              int identity);
/* The session to resume instead of one that the process keeps; the socket keeps it. It may come from another
 * port of the same host (data connections of FTP: RFC 4217). One that is not for this server name, these
 * protocols and this verification, or too old, is passed over: see rfctls/session.h,
 * rfctls_socket_is_resumed, and rfctls_socket_session_refused. RFCTLS_E_ARGUMENT on a server. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_set_session(rfctls_socket *socket,
                                                               rfctls_session *session);
/* Whom the transport of a wrap leads to: node and service answer it then, sessions are kept under it, and a
 * client that has no server name of its own (rfctls_config_set_server_name, rfctls_socket_set_server_name)
 * checks the certificate against node, and asks for it (SNI) unless it is an IP address, as after
 * rfctls_socket_connect. service may be NULL. RFCTLS_E_ARGUMENT: node cannot be such a name. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_set_peer(rfctls_socket *socket, const char *node,
                                                            const char *service);

/* ---- agree ---- */

/* Does the handshake, or goes on with it. RFCTLS_WANT_VERIFY and RFCTLS_WANT_IDENTITY, also when
 * blocking, if asked for; RFCTLS_E_VERIFY, _ALERT, _PROTOCOL, _TRUNCATED, _RESET, _TIMEOUT;
 * RFCTLS_E_STATE when it is done already. After a failure only close is left. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_handshake(rfctls_socket *socket);

/* What the library found of the peer's chain: one finding a certificate, from the root (the highest
 * depth) to the leaf (depth 0). There from RFCTLS_WANT_VERIFY to the next handshake call, at least one:
 * without any there is no question, but RFCTLS_E_VERIFY, RFCTLS_REASON_MISSING. A resumed session has one,
 * the peer's own certificate, with the library's verdict of its first handshake. */
RFCTLS_API size_t RFCTLS_CALL rfctls_socket_finding_count(const rfctls_socket *socket);
/* Its depth; -1 out of range. */
RFCTLS_API int RFCTLS_CALL rfctls_socket_finding_depth(const rfctls_socket *socket, size_t index);
/* 1 if the library would accept it. */
RFCTLS_API int RFCTLS_CALL rfctls_socket_finding_trusted(const rfctls_socket *socket, size_t index);
/* Why not, in words; "" if it would. */
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_finding_text(const rfctls_socket *socket,
                                                              size_t index);
/* Why not, as a number. */
RFCTLS_API rfctls_reason RFCTLS_CALL rfctls_socket_finding_reason(const rfctls_socket *socket,
                                                                  size_t index);
/* The certificate, borrowed until the next handshake call. */
RFCTLS_API rfctls_cert *RFCTLS_CALL rfctls_socket_finding_cert(const rfctls_socket *socket,
                                                               size_t index);
/* Answers RFCTLS_WANT_VERIFY for the whole chain: 1 accepts, anything else refuses; then call handshake
 * again. In Python, Lua and Guile only the boolean true is 1. RFCTLS_E_STATE: nothing was asked. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_answer_verify(rfctls_socket *socket, int accept);
/* Answers RFCTLS_WANT_IDENTITY; both NULL: none is sent (a client), the config's own (a server).
 * RFCTLS_E_IDENTITY: they do not fit; RFCTLS_E_STATE: nothing was asked. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_answer_identity(rfctls_socket *socket,
                                                                   rfctls_chain *chain,
                                                                   rfctls_key *key);

/* ---- talk ---- */

/* Sends. Blocking: all of it; non-blocking: RFCTLS_OK with *sent >= 1, or RFCTLS_WANT_WRITE (or
 * _READ) with *sent = 0. *sent counts what has left to the system, on failure too. Bytes already
 * encrypted are owed: the next send starts with the same bytes (at any address), and a size shorter
 * than what is owed is RFCTLS_E_ARGUMENT. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_send(rfctls_socket *socket, uint32_t flags,
                                                        const void *data, size_t size,
                                                        size_t *sent);
/* Receives what is there, at least 1 byte, at most capacity. RFCTLS_OK with *received = 0 is the
 * polite end (unless capacity is 0). RFCTLS_E_TRUNCATED: TCP ended without close_notify, after all
 * bytes that came. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_recv(rfctls_socket *socket, uint32_t flags,
                                                        void *buffer, size_t capacity,
                                                        size_t *received);
/* How many decrypted bytes recv gives without touching the transport. */
RFCTLS_API size_t RFCTLS_CALL rfctls_socket_pending(const rfctls_socket *socket);
/* Changes the keys of both directions (RFC 8446 section 4.6.3); neither side's data notices. RFCTLS_OK
 * when our part is on its way: what the system did not take leaves with the next verb. RFCTLS_WANT_WRITE
 * (or _READ): nothing was changed, call again. RFCTLS_E_UNSUPPORTED before TLS 1.3. One thread may call
 * it while others send and receive. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_key_update(rfctls_socket *socket);
/* Ends one direction, or both. WRITE sends what is owed and close_notify (RFC 8446 section 6.1), then
 * the peer's data can still be read; READ only marks our end. A listener takes no more connections after READ
 * or BOTH: accept answers RFCTLS_E_CLOSED, and so do the calls that other threads wait in; WRITE changes
 * nothing there. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_shutdown(rfctls_socket *socket, rfctls_how how);
/* Says goodbye and closes: what is owed, close_notify, then waits until the peer has it all, up to
 * RFCTLS_TIMER_CLOSE. A second call is RFCTLS_OK. RFCTLS_E_TIMEOUT: closed, but the peer may not have
 * got everything. Non-blocking: RFCTLS_WANT_*, call again, or abort. A borrowed descriptor
 * stays open. Wakes the calls that other threads wait in. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_close(rfctls_socket *socket);
/* Closes at once, without a goodbye: sends nothing and waits for nothing, so that the peer finds a
 * truncation. Wakes as close does. For what has failed, and for finalisers. A second call is RFCTLS_OK. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_abort(rfctls_socket *socket);
/* Ends TLS politely, to go on without it: sends what is owed and close_notify, waits for the peer's, then
 * closes this socket and gives the descriptor, open, to the caller. What the peer says behind its
 * close_notify is not TLS: bytes that came in one piece with it are lost (RFC 8446 section 6.1).
 * RFCTLS_E_STATE: the peer has sent bytes that nobody received; receive them, then call again.
 * RFCTLS_E_TRUNCATED, RFCTLS_E_TIMEOUT (of RFCTLS_TIMER_WRITE), RFCTLS_WANT_*; and as detach. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_unwrap(rfctls_socket *socket, intptr_t *fd);
/* Closes without a goodbye, and gives the descriptor, open, to the caller; what is owed or was read ahead is
 * lost. A descriptor that was ours is non-blocking. Wakes the calls that other threads wait in.
 * RFCTLS_E_CLOSED; RFCTLS_E_STATE: still connecting; RFCTLS_E_UNSUPPORTED: over memory there is none. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_detach(rfctls_socket *socket, intptr_t *fd);
/* 1 once we closed it, or once both directions have ended. */
RFCTLS_API int RFCTLS_CALL rfctls_socket_is_closed(const rfctls_socket *socket);

/* ---- wait ---- */

/* RFCTLS_E_UNSUPPORTED: over memory no call can wait. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_set_blocking(rfctls_socket *socket,
                                                                int blocking);
RFCTLS_API int RFCTLS_CALL rfctls_socket_is_blocking(const rfctls_socket *socket);
/* One timer of this socket, in milliseconds: -1 none, 0 poll. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_set_timeout(rfctls_socket *socket,
                                                               rfctls_timer timer,
                                                               int64_t milliseconds);
/* That timer; -1 also for NULL or an unknown timer. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_socket_timeout(const rfctls_socket *socket,
                                                     rfctls_timer timer);
/* Waits until the call that answered want (RFCTLS_WANT_READ or _WRITE) should be made again, at most
 * timeout_ms. May return RFCTLS_OK early: when a signal came, when the handshake's timer ran out, when
 * another thread closed the socket. RFCTLS_E_TIMEOUT. RFCTLS_E_UNSUPPORTED: over memory there is nothing
 * to wait for but the program itself. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_wait(rfctls_socket *socket, rfctls_status want,
                                                        int64_t timeout_ms);

/* ---- for other event loops: which descriptor, for which events, and how long ---- */

/* The descriptor to watch, the socket's own; -1: there is none, over memory, after close, and for NULL.
 * While a non-blocking connect is under way it may be another one after each call: ask again, and stop
 * watching the old one before the call, for it may be closed, and its number belong to something else. */
RFCTLS_API intptr_t RFCTLS_CALL rfctls_socket_wait_fd(const rfctls_socket *socket);
/* For which of RFCTLS_EVENT_READ and _WRITE the descriptor has to be watched until
 * the call that answered want (RFCTLS_WANT_READ or _WRITE) should be made again. 0: for none, call again at
 * once; what it wants is here already. Over memory, READ means feed and WRITE means drain. To be asked
 * anew after each call; any thread. 0 also for NULL, and for another want. */
RFCTLS_API uint32_t RFCTLS_CALL rfctls_socket_wait_events(const rfctls_socket *socket,
                                                          rfctls_status want);
/* After how many milliseconds that call should be made again although the descriptor told of nothing: a
 * timer of the handshake or of a close runs out then, another address has its turn, or there is something
 * that no event tells of. 0: at once; -1: there is no such time; also for NULL. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_socket_wait_timeout(const rfctls_socket *socket);

/* ---- tell ---- */

/* The config's role; a listener is a server. */
RFCTLS_API rfctls_role RFCTLS_CALL rfctls_socket_role(const rfctls_socket *socket);
/* 1 for a listener. */
RFCTLS_API int RFCTLS_CALL rfctls_socket_is_listener(const rfctls_socket *socket);
/* The rest is known after the handshake: RFCTLS_TLS_ANY or NULL before. */
RFCTLS_API rfctls_tls_version RFCTLS_CALL rfctls_socket_tls_version(const rfctls_socket *socket);
/* 1 if the peer was recognised by an earlier session, and showed no certificate again; known from
 * RFCTLS_WANT_VERIFY on. */
RFCTLS_API int RFCTLS_CALL rfctls_socket_is_resumed(const rfctls_socket *socket);
/* The newest session that the server gave this client. RFCTLS_E_STATE: there is none yet. In TLS 1.3 it
 * comes after the handshake, and is seen when something is received; resuming it twice shows to
 * onlookers that the client is the same. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_session(const rfctls_socket *socket,
                                                           rfctls_session **out);
/* Why the session that was given (rfctls_socket_set_session) was not resumed, as an English clause: "it is for
 * another server name", "the server did not take it". NULL: it was resumed, none was given, or the handshake is
 * not done. Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_session_refused(const rfctls_socket *socket);
/* The cipher suite's name of the IANA registry: "TLS_AES_128_GCM_SHA256". */
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_cipher(const rfctls_socket *socket);
/* How many bits of its key keep the data secret: 128 or 256; 0 before. */
RFCTLS_API int RFCTLS_CALL rfctls_socket_cipher_bits(const rfctls_socket *socket);
/* The group of the key exchange by its name in the IANA registry: "x25519", "secp256r1". NULL: none was
 * agreed on (RSA key exchange), or it is not known. */
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_group(const rfctls_socket *socket);
/* The application protocol agreed on (ALPN), or NULL. */
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_protocol(const rfctls_socket *socket);
/* Client: the name to be asked for and checked. Server: the name that the client asked for, or NULL;
 * known from RFCTLS_WANT_IDENTITY on. */
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_server_name(const rfctls_socket *socket);
/* The peer's certificate, borrowed, or NULL. That it is there does not say that it is trusted: the
 * handshake's RFCTLS_OK says that. */
RFCTLS_API rfctls_cert *RFCTLS_CALL rfctls_socket_peer_cert(const rfctls_socket *socket);
/* The chain as the peer sent it, leaf first, borrowed, or NULL. */
RFCTLS_API rfctls_chain *RFCTLS_CALL rfctls_socket_peer_chain(const rfctls_socket *socket);
/* Fills buffer with a key for another use, of exactly capacity bytes (1 to RFCTLS_LIMIT_KEY), which
 * *received repeats: both ends of this connection get the same for the same label and context, and nobody else can
 * (RFC 8446 section 7.5, RFC 5705). label: registered with IANA, or "EXPERIMENTAL…"; context NULL: none,
 * which in TLS 1.3 is the same as an empty one. RFCTLS_E_STATE before the end of the handshake.
 * RFCTLS_E_UNSUPPORTED: a peer that speaks TLS 1.2 without extended master secret (RFC 7627). */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_export_key(const rfctls_socket *socket,
                                                              const char *label,
                                                              const void *context,
                                                              size_t context_size, void *buffer,
                                                              size_t capacity, size_t *received);
/* What ties an authentication above to this connection: type is "tls-exporter" (RFC 9266),
 * "tls-server-end-point" (RFC 5929 section 4) or "tls-unique" (RFC 5929 section 3, TLS 1.2 only).
 * RFCTLS_LIMIT_BINDING bytes are room for each. RFCTLS_E_ARGUMENT: another type, or too little room. RFCTLS_E_STATE and
 * RFCTLS_E_UNSUPPORTED as above; the latter also where a type is not defined: tls-unique in TLS 1.3,
 * tls-server-end-point for certificates signed without a hash (Ed25519), or on a server that resumed a
 * session and asks for its identity. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_channel_binding(const rfctls_socket *socket,
                                                                   const char *type, void *buffer,
                                                                   size_t capacity,
                                                                   size_t *received);
/* As given to connect, listen or set_peer; NULL if it was not. */
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_node(const rfctls_socket *socket);
RFCTLS_API const char *RFCTLS_CALL rfctls_socket_service(const rfctls_socket *socket);
/* Our end. The answer stays the same after close. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_local_address(const rfctls_socket *socket,
                                                                 rfctls_address **out);
/* The other end. RFCTLS_E_STATE: a listener has none. The answer stays the same after close. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_socket_peer_address(const rfctls_socket *socket,
                                                                rfctls_address **out);
/* The transport below, borrowed: for its addresses and its descriptor, for its verbs answer
 * RFCTLS_E_STATE as long as this socket is there. */
RFCTLS_API rfctls_raw *RFCTLS_CALL rfctls_socket_raw(const rfctls_socket *socket);

RFCTLS_END

#endif
