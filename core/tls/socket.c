/* TLS sockets: their life. connect, listen, wrap and accept speak only TCP. */
#include "rfctls/socket.h"

#include <string.h>

#include "base/alloc.h"
#include "net/address.h"
#include "net/open.h"
#include "net/transport_os.h"
#include "tls/drive.h"
#include "tls/handshake.h"
#include "tls/name.h"
#include "tls/setup.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- from the first to the last reference ---- */

static rfctls__phase phase_over(const rfctls_raw *raw) {
  rfctls__connecting connecting;
  if (rfctls__raw_is_listener(raw)) {
    return RFCTLS__LISTENING;
  }
  return rfctls__raw_is_connecting(raw, &connecting) ? RFCTLS__CONNECTING : RFCTLS__OPENING;
}

/* A new socket around a transport, which it owns from now on, on failure too. */
static rfctls_status new_socket(rfctls_config *config, rfctls_raw *raw, rfctls_socket **out) {
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
  socket->blocking = config->blocking && rfctls__can_block(socket);
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
  rfctls__shared_context_unref(socket->shared);
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

/* ---- what every maker checks ---- */

/* role 0: either. */
static rfctls_status check_config(const rfctls_config *config, int role) {
  if (config == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no config");
  }
  if (role != 0 && role != (int)config->role) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, role == (int)RFCTLS_CLIENT
                                               ? "a server's config cannot connect"
                                               : "a client's config cannot listen");
  }
  return RFCTLS_OK;
}

/* What every maker checks first. */
static rfctls_status begin_make(rfctls_config *config, int role, rfctls_socket **out,
                                const char *maker) {
  rfctls__enter(maker);
  if (out != NULL) {
    *out = NULL;
  }
  return out != NULL ? check_config(config, role)
                     : rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the socket");
}

/* Without an identity a server could only fail, later and at a distance. */
static rfctls_status check_server(const rfctls_config *config) {
  if (config->chain == NULL && !config->ask_identity && config->identity_source == NULL) {
    return rfctls__fail(RFCTLS_E_IDENTITY, "a server needs a certificate chain and its key");
  }
  return RFCTLS_OK;
}

static rfctls_status hand_over(rfctls_status status, rfctls_socket *socket, rfctls_socket **out) {
  if (status != RFCTLS_OK) {
    rfctls_socket_unref(socket);
    return status;
  }
  *out = socket;
  return RFCTLS_OK;
}

/* ---- connect ---- */

static rfctls_status connect_step(rfctls_socket *socket, rfctls__operation *operation) {
  (void)operation;
  return rfctls__go_on_connecting(socket);
}

/* Its timer is the transport's. */
static rfctls_status finish_connect(rfctls_socket *socket) {
  rfctls__operation operation = {.step = connect_step, .policy.deadline = RFCTLS__NEVER};
  operation.policy.waits = rfctls__socket_lock(socket)->blocking;
  rfctls__socket_unlock(socket);
  return rfctls__drive(socket, &operation);
}

rfctls_status rfctls_socket_finish_connect(rfctls_socket *socket) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  return status == RFCTLS_OK ? finish_connect(socket) : status;
}

/* Before anybody is asked for an address. */
static rfctls_status check_connect(const char *node, const char *service, rfctls_config *config) {
  char *name = NULL;
  int is_ip;
  rfctls_status status = RFCTLS_OK;
  if (node == NULL || service == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no node or no service to connect to");
  }
  if (config->server_name == NULL) {
    status = rfctls__server_name(node, &name, &is_ip);
    rfctls__free(name);
  }
  return status == RFCTLS_OK ? rfctls__config_freeze(config) : status;
}

rfctls_status rfctls_socket_connect(const char *node, const char *service, rfctls_config *config,
                                    rfctls_socket **out) {
  rfctls_socket *socket = NULL;
  rfctls_raw *raw = NULL;
  rfctls_status status = begin_make(config, RFCTLS_CLIENT, out, __func__);
  if (status == RFCTLS_OK) {
    status = check_connect(node, service, config);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__raw_connect(node, service, config->family,
                                 config->timers[RFCTLS_TIMER_CONNECT], &raw);
  }
  if (status == RFCTLS_OK) {
    status = new_socket(config, raw, &socket);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__socket_set_node(socket, node, service);
  }
  if (status == RFCTLS_OK && socket->server_name == NULL) {
    status = rfctls__socket_use_name(socket, node);
  }
  if (status == RFCTLS_OK) {
    status = finish_connect(socket);
  }
  return hand_over(status > 0 ? RFCTLS_OK : status, socket, out);
}

/* ---- listen and accept ---- */

rfctls_status rfctls_socket_listen(const char *node, const char *service, rfctls_config *config,
                                   rfctls_socket **out) {
  rfctls_addresses *addresses = NULL;
  rfctls_socket *socket = NULL;
  rfctls_raw *raw = NULL;
  rfctls_status status = begin_make(config, RFCTLS_SERVER, out, __func__);
  if (status == RFCTLS_OK && service == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no service to listen on");
  }
  if (status == RFCTLS_OK) {
    status = check_server(config);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__config_freeze(config);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__addresses_resolve(node, service, config->family, RFCTLS__PASSIVE, &addresses);
  }
  if (status == RFCTLS_OK) {
    int both = node == NULL && config->family == RFCTLS_FAMILY_ANY;
    status = rfctls__raw_listen_any(addresses, both, &raw);
  }
  if (status == RFCTLS_OK) {
    status = new_socket(config, raw, &socket);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__socket_set_node(socket, node, service);
  }
  rfctls_addresses_unref(addresses);
  return hand_over(status, socket, out);
}

/* A reference: another thread may reload the listener at any time. */
static rfctls_config *current_config(const rfctls_socket *listener) {
  rfctls_config *config = rfctls_config_ref(rfctls__socket_lock(listener)->config);
  rfctls__socket_unlock(listener);
  return config;
}

typedef struct accept_call {
  rfctls__operation operation; /* first */
  rfctls_raw *raw;
} accept_call;

static rfctls_status accept_step(rfctls_socket *socket, rfctls__operation *operation) {
  if (socket->phase != RFCTLS__LISTENING) {
    return rfctls__fail(RFCTLS_E_STATE, "only a listener accepts");
  }
  return rfctls__raw_try_accept(socket->raw, &((accept_call *)operation)->raw);
}

rfctls_status rfctls_socket_accept(rfctls_socket *listener, rfctls_socket **out) {
  accept_call call = {.operation = {.step = accept_step}};
  rfctls_status status;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the accepted socket");
  }
  *out = NULL;
  status = rfctls__enter_socket(listener);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__socket_lock(listener);
  call.operation.policy.waits = listener->blocking;
  call.operation.policy.deadline = listener->blocking
                                       ? rfctls__deadline_in(listener->timers[RFCTLS_TIMER_ACCEPT])
                                       : RFCTLS__NEVER;
  rfctls__socket_unlock(listener);
  status = rfctls__drive(listener, &call.operation);
  if (status == RFCTLS_OK) {
    rfctls_config *config = current_config(listener);
    status = new_socket(config, call.raw, out);
    rfctls_config_unref(config);
  }
  return status;
}

/* *config is replaced by what the listener had. */
static rfctls_status exchange_config(rfctls_socket *listener, rfctls_config **config) {
  rfctls_config *before = listener->config;
  if (listener->closing != RFCTLS__NOT_CLOSING) {
    return rfctls__fail(RFCTLS_E_CLOSED, "the socket is closed");
  }
  if (listener->phase != RFCTLS__LISTENING) {
    return rfctls__fail(RFCTLS_E_STATE, "only a listener takes another config");
  }
  listener->config = *config;
  *config = before;
  return RFCTLS_OK;
}

rfctls_status rfctls_socket_reload(rfctls_socket *listener, rfctls_config *config) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(listener);
  if (status == RFCTLS_OK) {
    status = check_config(config, RFCTLS_SERVER);
  }
  if (status == RFCTLS_OK) {
    status = check_server(config);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__config_freeze(config);
  }
  if (status == RFCTLS_OK) {
    rfctls_config_ref(config);
    rfctls__socket_lock(listener);
    status = exchange_config(listener, &config);
    rfctls__socket_unlock(listener);
    rfctls_config_unref(config); /* the old one, or on failure the new one */
  }
  return status;
}

/* ---- wrap ---- */

rfctls_status rfctls_socket_wrap(rfctls_raw *raw, rfctls_config *config, rfctls_socket **out) {
  int listens = raw != NULL && rfctls__raw_is_listener(raw);
  rfctls_socket *socket = NULL;
  rfctls_status status = begin_make(config, listens ? RFCTLS_SERVER : 0, out, __func__);
  if (status == RFCTLS_OK && (raw == NULL || !rfctls__raw_is_open(raw))) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no transport, or a closed one");
  }
  if (status == RFCTLS_OK && config->role == RFCTLS_SERVER) {
    status = check_server(config);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__config_freeze(config);
  }
  if (status == RFCTLS_OK) {
    status = new_socket(config, rfctls_raw_ref(raw), &socket);
  }
  return hand_over(status, socket, out);
}
