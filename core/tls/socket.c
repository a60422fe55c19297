/* TLS sockets: their life, what can be said of one connection, waiting, and what it tells. */
#include "rfctls/socket.h"

#include <string.h>

#include "base/memory.h"
#include "pki/pki.h"
#include "tls/drive.h"
#include "tls/extension.h"
#include "tls/name.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- life ---- */

/* Nothing tells when a program feeds memory: over it, no call waits. */
static int can_block(const rfctls_socket *socket) {
  return rfctls__raw_memory(socket->raw) == NULL;
}

static rfctls__phase phase_over(const rfctls_raw *raw) {
  rfctls__connecting connecting;
  if (rfctls__raw_is_listener(raw)) {
    return RFCTLS__LISTENING;
  }
  return rfctls__raw_is_connecting(raw, &connecting) ? RFCTLS__CONNECTING : RFCTLS__OPENING;
}

rfctls_status rfctls__socket_new(rfctls_config *config, rfctls_raw *raw, rfctls_socket **out) {
  rfctls_socket *socket = rfctls__alloc(sizeof *socket);
  if (socket == NULL) {
    rfctls_raw_unref(raw);
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&socket->refs);
  rfctls__lock_init(&socket->lock);
  socket->config = rfctls_config_ref(config);
  socket->role = config->role;
  socket->process = rfctls__process();
  socket->phase = phase_over(raw);
  socket->raw = raw;
  rfctls__raw_lend(raw);
  socket->blocking = config->blocking && can_block(socket);
  memcpy(socket->timers, config->timers, sizeof socket->timers);
  socket->handshake_deadline = RFCTLS__NEVER;
  socket->close_deadline = RFCTLS__NEVER;
  socket->ask_verify = config->ask_verify || config->verifier != NULL;
  socket->ask_identity = config->ask_identity || config->identity_source != NULL;
  if (config->server_name != NULL) {
    rfctls_status status = rfctls__socket_use_name(socket, config->server_name);
    if (status != RFCTLS_OK) {
      rfctls_socket_unref(socket);
      return status;
    }
  }
  *out = socket;
  return RFCTLS_OK;
}

rfctls_socket *rfctls_socket_ref(rfctls_socket *socket) {
  if (socket != NULL) {
    rfctls__refcount_take(&socket->refs);
  }
  return socket;
}

void rfctls_socket_unref(rfctls_socket *socket) {
  if (socket == NULL || !rfctls__refcount_drop(&socket->refs)) {
    return;
  }
  if (socket->conn != NULL) {
    engine->conn_fini(socket->conn, socket->failure.status != RFCTLS_OK);
    rfctls__free(socket->conn);
  }
  rfctls__frozen_unref(socket->frozen);
  rfctls__raw_give_back(socket->raw);
  rfctls_raw_unref(socket->raw);
  rfctls__buffer_release(&socket->in);
  rfctls__buffer_release(&socket->out);
  rfctls__buffer_wipe(&socket->plain);
  rfctls__buffer_release(&socket->protocols);
  rfctls__buffer_release(&socket->extensions);
  rfctls__free(socket->node);
  rfctls__free(socket->service);
  rfctls__free(socket->server_name);
  rfctls__free(socket->protocol);
  rfctls_session_unref(socket->session);
  rfctls_session_unref(socket->tried);
  rfctls_chain_unref(socket->findings);
  rfctls_chain_unref(socket->peer_chain);
  rfctls_config_unref(socket->config);
  rfctls__lock_fini(&socket->lock);
  rfctls__free(socket);
}

/* Getters may lock a socket that is const to their caller. */
rfctls_socket *rfctls__socket_lock(const rfctls_socket *socket) {
  rfctls_socket *mutable = (rfctls_socket *)(uintptr_t)socket;
  rfctls__lock_take(&mutable->lock);
  return mutable;
}

void rfctls__socket_unlock(const rfctls_socket *socket) {
  rfctls__lock_drop(&((rfctls_socket *)(uintptr_t)socket)->lock);
}

rfctls_status rfctls__enter_socket(const rfctls_socket *socket) {
  if (socket == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no socket");
  }
  if (socket->process != rfctls__process()) {
    return rfctls__fail(RFCTLS_E_FORKED, "the socket belongs to the parent process");
  }
  return RFCTLS_OK;
}

rfctls__deadline rfctls__lasting_deadline(const rfctls_socket *socket, rfctls_timer timer,
                                          rfctls__deadline *kept) {
  if (*kept == RFCTLS__NEVER) {
    *kept = rfctls__deadline_in(socket->timers[timer]);
  }
  return *kept;
}

/* ---- wait ---- */

rfctls_status rfctls_socket_set_blocking(rfctls_socket *socket, int blocking) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK) {
    rfctls__socket_lock(socket);
    if (blocking && !can_block(socket)) {
      status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "a socket over memory cannot wait");
    } else {
      socket->blocking = blocking != 0;
    }
    rfctls__socket_unlock(socket);
  }
  return status;
}

int rfctls_socket_is_blocking(const rfctls_socket *socket) {
  int blocking = 0;
  if (socket != NULL) {
    blocking = rfctls__socket_lock(socket)->blocking;
    rfctls__socket_unlock(socket);
  }
  return blocking;
}

rfctls_status rfctls_socket_set_timeout(rfctls_socket *socket, rfctls_timer timer,
                                        int64_t milliseconds) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK) {
    status = rfctls__check_timer(timer, milliseconds);
  }
  if (status == RFCTLS_OK) {
    rfctls__socket_lock(socket)->timers[timer] = milliseconds;
    rfctls__socket_unlock(socket);
  }
  return status;
}

int64_t rfctls_socket_timeout(const rfctls_socket *socket, rfctls_timer timer) {
  int64_t milliseconds = -1;
  if (socket != NULL && timer >= RFCTLS_TIMER_CONNECT && timer <= RFCTLS_TIMER_CLOSE) {
    milliseconds = rfctls__socket_lock(socket)->timers[timer];
    rfctls__socket_unlock(socket);
  }
  return milliseconds;
}

/* Takes the lock off while it sleeps. */
static rfctls_status wait_beneath(rfctls_socket *socket, int want, rfctls__waker *waker,
                                  rfctls__deadline deadline) {
  rfctls__watch watch;
  rfctls_status status = RFCTLS_OK;
  rfctls__watch_begin(socket, want, waker, &watch);
  if (watch.found == 0 && !can_block(socket)) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "memory cannot be waited for: feed or drain it");
  } else if (watch.found == 0) {
    rfctls__socket_unlock(socket);
    status = rfctls__wait(watch.fd, watch.events, waker,
                          rfctls__deadline_earlier(deadline, watch.deadline), 1);
    rfctls__socket_lock(socket);
  }
  rfctls__watch_end(socket, &watch);
  if (status == RFCTLS_E_TIMEOUT && !rfctls__deadline_passed(deadline)) {
    rfctls__error_clear();
    status = RFCTLS_OK;
  }
  return status == RFCTLS_E_TIMEOUT ? rfctls__raw_fail_late(socket->raw) : status;
}

rfctls_status rfctls_socket_wait(rfctls_socket *socket, rfctls_status want, int64_t timeout_ms) {
  rfctls__waker *waker = NULL;
  rfctls__deadline deadline = rfctls__deadline_in(timeout_ms);
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK && want != RFCTLS_WANT_READ && want != RFCTLS_WANT_WRITE) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "%d is not what a wait can give", (int)want);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__waker_take(&waker);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__socket_lock(socket);
  if (socket->closing != RFCTLS__CLOSED &&
      (want != RFCTLS_WANT_READ || !rfctls__readable(socket))) {
    status = wait_beneath(socket, (int)want, waker, deadline);
  }
  rfctls__socket_unlock(socket);
  rfctls__waker_give(waker);
  return status;
}

/* ---- this connection only ---- */

static rfctls_status keep_text(char **place, const char *text) {
  char *copy = rfctls__strdup(text);
  if (copy == NULL && text != NULL) {
    return rfctls__fail_memory();
  }
  rfctls__free(*place);
  *place = copy;
  return RFCTLS_OK;
}

rfctls_status rfctls__socket_set_node(rfctls_socket *socket, const char *node,
                                      const char *service) {
  rfctls_status status = keep_text(&socket->node, node);
  return status == RFCTLS_OK ? keep_text(&socket->service, service) : status;
}

rfctls_status rfctls__socket_use_name(rfctls_socket *socket, const char *name) {
  char *copy = NULL;
  int is_ip = 0;
  rfctls_status status = rfctls__server_name(name, &copy, &is_ip);
  if (status == RFCTLS_OK) {
    rfctls__free(socket->server_name);
    socket->server_name = copy;
    socket->server_name_is_ip = is_ip;
  }
  return status;
}

static rfctls_status begin_setup(rfctls_socket *socket, const char *setter) {
  rfctls_status status;
  rfctls__enter(setter);
  status = rfctls__enter_socket(socket);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__socket_lock(socket);
  if (socket->phase == RFCTLS__CONNECTING || socket->phase == RFCTLS__OPENING) {
    return RFCTLS_OK;
  }
  rfctls__socket_unlock(socket);
  return rfctls__fail(RFCTLS_E_STATE, "too late: it had to be said before the handshake");
}

rfctls_status rfctls_socket_set_server_name(rfctls_socket *socket, const char *name) {
  rfctls_status status = begin_setup(socket, __func__);
  if (status == RFCTLS_OK) {
    status = socket->role == RFCTLS_CLIENT
                 ? rfctls__socket_use_name(socket, name)
                 : rfctls__fail(RFCTLS_E_ARGUMENT, "a server has no server name to ask for");
    rfctls__socket_unlock(socket);
  }
  return status;
}

rfctls_status rfctls_socket_add_protocol(rfctls_socket *socket, const char *name) {
  rfctls_status status = begin_setup(socket, __func__);
  if (status == RFCTLS_OK) {
    status = rfctls__protocol_append(&socket->protocols, name);
    rfctls__socket_unlock(socket);
  }
  return status;
}

rfctls_status rfctls_socket_add_hello_extension(rfctls_socket *socket, uint16_t type,
                                                const void *data, size_t size) {
  rfctls_status status = begin_setup(socket, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (rfctls__buffer_size(&socket->extensions) == 0) {
    rfctls__bytes inherited = rfctls__buffer_bytes(&socket->config->extensions);
    status = rfctls__buffer_append(&socket->extensions, inherited.data, inherited.size);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__extension_append(&socket->extensions, socket->role, type, data, size);
  }
  rfctls__socket_unlock(socket);
  return status;
}

rfctls_status rfctls_socket_set_asking(rfctls_socket *socket, int verify, int identity) {
  rfctls_status status = begin_setup(socket, __func__);
  if (status == RFCTLS_OK) {
    socket->ask_verify = verify != 0;
    socket->ask_identity = identity != 0;
    rfctls__socket_unlock(socket);
  }
  return status;
}

rfctls_status rfctls_socket_set_session(rfctls_socket *socket, rfctls_session *session) {
  rfctls_session *before = rfctls_session_ref(session);
  rfctls_status status = begin_setup(socket, __func__);
  if (status == RFCTLS_OK) {
    if (session == NULL || socket->role != RFCTLS_CLIENT) {
      status = rfctls__fail(RFCTLS_E_ARGUMENT,
                            session == NULL ? "no session" : "only a client resumes a session");
    } else {
      before = socket->session;
      socket->session = session;
    }
    rfctls__socket_unlock(socket);
  }
  rfctls_session_unref(before); /* the old one, or on failure the new one */
  return status;
}

rfctls_status rfctls_socket_set_peer(rfctls_socket *socket, const char *node, const char *service) {
  rfctls_status status = begin_setup(socket, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (node == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no node");
  } else if (socket->role == RFCTLS_CLIENT && socket->server_name == NULL) {
    status = rfctls__socket_use_name(socket, node);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__socket_set_node(socket, node, service);
  }
  rfctls__socket_unlock(socket);
  return status;
}

/* ---- tell ---- */

rfctls_role rfctls_socket_role(const rfctls_socket *socket) {
  return socket != NULL ? socket->role : (rfctls_role)0;
}

int rfctls_socket_is_listener(const rfctls_socket *socket) {
  int listener = 0;
  if (socket != NULL) {
    listener = rfctls__socket_lock(socket)->phase == RFCTLS__LISTENING;
    rfctls__socket_unlock(socket);
  }
  return listener;
}

/* The facts, once they are known; NULL before. They do not change any more. */
static const rfctls__facts *facts_of(const rfctls_socket *socket) {
  const rfctls__facts *facts = NULL;
  if (socket != NULL) {
    facts = rfctls__socket_lock(socket)->phase == RFCTLS__ESTABLISHED ? &socket->facts : NULL;
    rfctls__socket_unlock(socket);
  }
  return facts;
}

rfctls_tls_version rfctls_socket_tls_version(const rfctls_socket *socket) {
  const rfctls__facts *facts = facts_of(socket);
  return facts != NULL ? facts->version : RFCTLS_TLS_ANY;
}

const char *rfctls_socket_cipher(const rfctls_socket *socket) {
  const rfctls__facts *facts = facts_of(socket);
  return facts != NULL ? facts->cipher : NULL;
}

int rfctls_socket_cipher_bits(const rfctls_socket *socket) {
  const rfctls__facts *facts = facts_of(socket);
  return facts != NULL ? facts->cipher_bits : 0;
}

const char *rfctls_socket_group(const rfctls_socket *socket) {
  const rfctls__facts *facts = facts_of(socket);
  return facts != NULL ? facts->group : NULL;
}

const char *rfctls_socket_protocol(const rfctls_socket *socket) {
  return facts_of(socket) != NULL ? socket->protocol : NULL;
}

/* A string that never changes once it is there. */
static const char *text_of(const rfctls_socket *socket, char *const *place) {
  const char *text;
  rfctls__socket_lock(socket);
  text = *place;
  rfctls__socket_unlock(socket);
  return text;
}

const char *rfctls_socket_server_name(const rfctls_socket *socket) {
  const char *name = NULL;
  if (socket != NULL) {
    rfctls__socket_lock(socket);
    name = socket->role == RFCTLS_CLIENT ? socket->server_name : socket->facts.server_name;
    rfctls__socket_unlock(socket);
  }
  return name;
}

const char *rfctls_socket_node(const rfctls_socket *socket) {
  return socket != NULL ? text_of(socket, &socket->node) : NULL;
}

const char *rfctls_socket_service(const rfctls_socket *socket) {
  return socket != NULL ? text_of(socket, &socket->service) : NULL;
}

int rfctls_socket_is_resumed(const rfctls_socket *socket) {
  int resumed = 0;
  if (socket != NULL) {
    resumed = rfctls__socket_lock(socket)->facts.resumed;
    rfctls__socket_unlock(socket);
  }
  return resumed;
}

rfctls_status rfctls_socket_session(const rfctls_socket *socket, rfctls_session **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the session");
  }
  *out = NULL;
  status = rfctls__enter_socket(socket);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__socket_lock(socket);
  if (socket->phase == RFCTLS__ESTABLISHED && socket->session != NULL) {
    *out = rfctls_session_ref(socket->session);
  } else {
    status = rfctls__fail(RFCTLS_E_STATE, socket->role == RFCTLS_CLIENT
                                              ? "the server has sent no session yet"
                                              : "a server keeps no sessions");
  }
  rfctls__socket_unlock(socket);
  return status;
}

/* Made when first asked for: most programs never do. A getter leaves the error record alone. */
static void make_peer_chain(rfctls_socket *socket) {
  rfctls__list list = {0};
  rfctls__error error;
  rfctls__error_save(&error);
  if (engine->peer_chain(socket->conn, &list) == RFCTLS_OK && list.count > 0) {
    (void)rfctls__chain_from_list(&list, &socket->peer_chain);
  }
  rfctls__list_release(&list);
  (void)rfctls__error_restore(&error);
}

rfctls_chain *rfctls_socket_peer_chain(const rfctls_socket *socket) {
  rfctls_chain *chain = NULL;
  if (socket != NULL) {
    rfctls_socket *locked = rfctls__socket_lock(socket);
    if (locked->phase == RFCTLS__ESTABLISHED && locked->peer_chain == NULL) {
      make_peer_chain(locked);
    }
    chain = locked->peer_chain;
    rfctls__socket_unlock(socket);
  }
  return chain;
}

rfctls_cert *rfctls_socket_peer_cert(const rfctls_socket *socket) {
  return rfctls_chain_at(rfctls_socket_peer_chain(socket), 0);
}

rfctls_raw *rfctls_socket_raw(const rfctls_socket *socket) {
  return socket != NULL ? socket->raw : NULL;
}

static rfctls_status address_of(const rfctls_socket *socket, rfctls_address **out,
                                rfctls_status (*get)(const rfctls_raw *, rfctls_address **)) {
  rfctls_status status = rfctls__output(out, sizeof *out, "the address");
  if (status == RFCTLS_OK && socket == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no socket");
  }
  return status == RFCTLS_OK ? get(socket->raw, out) : status;
}

rfctls_status rfctls_socket_local_address(const rfctls_socket *socket, rfctls_address **out) {
  rfctls__enter(__func__);
  return address_of(socket, out, rfctls__raw_local_address);
}

rfctls_status rfctls_socket_peer_address(const rfctls_socket *socket, rfctls_address **out) {
  rfctls__enter(__func__);
  return address_of(socket, out, rfctls__raw_peer_address);
}
