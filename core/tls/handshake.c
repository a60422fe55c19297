/* The handshake, from what may be left of connecting to the facts. */
#include "tls/handshake.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "net/address.h"
#include "tls/decision.h"
#include "tls/drive.h"
#include "tls/resumption.h"

enum { PEER_SIZE = 160 };

static const rfctls__engine *const engine = &rfctls__engine_linked;

static rfctls_status begin_handshake(rfctls_socket *socket) {
  rfctls_status status;
  rfctls_config *config = socket->config;
  rfctls__opening opening = {
      .check_name = !config->skip_name_check && !config->skip_verify,
      .ask_verify = socket->ask_verify,
      .ask_identity = socket->ask_identity,
      .protocols = rfctls__buffer_bytes(&socket->protocols),
      .extensions = rfctls__buffer_bytes(&socket->extensions),
  };
  if (opening.protocols.size == 0) {
    opening.protocols = rfctls__buffer_bytes(&config->protocols);
  }
  if (opening.extensions.size == 0) {
    opening.extensions = rfctls__buffer_bytes(&config->extensions);
  }
  if (socket->role == RFCTLS_CLIENT) {
    opening.server_name = socket->server_name;
    opening.name_is_ip = socket->server_name_is_ip;
    if (opening.server_name == NULL && opening.check_name) {
      return rfctls__fail(RFCTLS_E_STATE, "no server name to check: give one before the handshake");
    }
  }
  socket->conn = rfctls__alloc(engine->conn_size);
  if (socket->conn == NULL) {
    return rfctls__fail_memory();
  }
  socket->phase = RFCTLS__HANDSHAKING;
  socket->shared = rfctls__shared_context_at(&config->shared);
  status = engine->conn_init(socket->conn, socket->shared->context, &opening);
  return status == RFCTLS_OK && socket->role == RFCTLS_CLIENT
             ? rfctls__session_offer(socket, &opening)
             : status;
}

rfctls_status rfctls__go_on_connecting(rfctls_socket *socket) {
  intptr_t before = rfctls_raw_fd(socket->raw);
  rfctls_status status;
  if (socket->phase != RFCTLS__CONNECTING) {
    return RFCTLS_OK;
  }
  status = rfctls__raw_go_on_connecting(socket->raw);
  if (status == RFCTLS_OK) {
    socket->phase = RFCTLS__OPENING;
  }
  if (status == RFCTLS_OK || rfctls_raw_fd(socket->raw) != before) {
    socket->changed = 1;
  }
  return status;
}

static rfctls_status end_handshake(rfctls_socket *socket) {
  engine->facts(socket->conn, &socket->facts);
  rfctls__session_answered(socket);
  if (socket->facts.protocol.size > 0) {
    socket->protocol = rfctls__strndup(socket->facts.protocol.data, socket->facts.protocol.size);
    if (socket->protocol == NULL) {
      return rfctls__fail_memory();
    }
  }
  socket->phase = RFCTLS__ESTABLISHED;
  socket->handshake_deadline = RFCTLS__NEVER;
  socket->changed = 1;
  return RFCTLS_OK;
}

/* What cannot be written any more is lost: the file is there for debugging. */
static void log_keys(rfctls_socket *socket) {
  rfctls__buffer lines = {0};
  rfctls__error error;
  if (socket->config->key_log == NULL) {
    return;
  }
  rfctls__error_save(&error);
  engine->take_key_log(socket->conn, &lines);
  if (rfctls__buffer_size(&lines) > 0) {
    (void)rfctls__file_append(socket->config->key_log, rfctls__buffer_bytes(&lines));
  }
  rfctls__buffer_wipe(&lines);
  (void)rfctls__error_restore(&error);
}

/* How browsers, proxies' clients and web servers begin. */
static int is_http(rfctls__bytes bytes) {
  static const char *const words[] = {"GET ", "HEAD", "POST", "PUT ", "CONN", "OPTI", "HTTP"};
  for (size_t i = 0; bytes.size >= 4 && i < sizeof words / sizeof *words; i++) {
    if (memcmp(bytes.data, words[i], 4) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Whom the program connected to, in its own words; else the peer's address; "" where there is none. */
static void put_peer(const rfctls_socket *socket, char peer[PEER_SIZE]) {
  rfctls_address *address = NULL;
  peer[0] = '\0';
  if (socket->node != NULL) {
    (void)snprintf(peer, PEER_SIZE, "%s%s%s", socket->node, socket->service != NULL ? " port " : "",
                   socket->service != NULL ? socket->service : "");
  } else if (rfctls__raw_peer_address(socket->raw, &address) == RFCTLS_OK) {
    rfctls__address_text(address, peer, PEER_SIZE);
    rfctls_address_unref(address);
  }
}

/* What is no TLS, or none that we speak: it is mostly another port that was meant, so that is named. */
static rfctls_status fail_protocol(const rfctls_socket *socket) {
  char peer[PEER_SIZE];
  rfctls__error error;
  rfctls__error_save(&error);
  put_peer(socket, peer);
  (void)rfctls__error_restore(&error);
  if (socket->begins_with_http) {
    (void)rfctls__fail_engine(RFCTLS_E_PROTOCOL, error.engine_code, -1,
                              "the peer speaks plain HTTP, not TLS");
  }
  return peer[0] != '\0' ? rfctls__fail_in("%s", peer) : RFCTLS_E_PROTOCOL;
}

static rfctls_status push_handshake(rfctls_socket *socket) {
  rfctls_status status;
  if (socket->decision != RFCTLS_OK) {
    return socket->decision;
  }
  if (!socket->heard && rfctls__buffer_size(&socket->in) > 0) {
    socket->heard = 1;
    socket->begins_with_http = is_http(rfctls__buffer_bytes(&socket->in));
  }
  status = engine->handshake(socket->conn, &socket->in, &socket->out);
  log_keys(socket);
  if (status == RFCTLS_WANT_READ) {
    return rfctls__starve(socket);
  }
  if (status == RFCTLS_WANT_VERIFY || status == RFCTLS_WANT_IDENTITY) {
    rfctls_status opened = rfctls__decision_open(socket, status);
    return opened == RFCTLS_OK ? status : opened;
  }
  if (status == RFCTLS_E_PROTOCOL) {
    return fail_protocol(socket);
  }
  return status == RFCTLS_OK ? end_handshake(socket) : status;
}

static rfctls_status handshake_step(rfctls_socket *socket, rfctls__operation *operation) {
  rfctls_status status = RFCTLS_OK;
  if (socket->phase == RFCTLS__ESTABLISHED || socket->phase == RFCTLS__LISTENING) {
    return rfctls__fail(RFCTLS_E_STATE, socket->phase == RFCTLS__LISTENING
                                            ? "a listener has no handshake: accept first"
                                            : "the handshake is already done");
  }
  if (socket->phase == RFCTLS__BROKEN) {
    return rfctls__error_restore(&socket->failure);
  }
  if (socket->handshaker != NULL && socket->handshaker != operation) {
    return rfctls__fail(RFCTLS_E_STATE, "another thread does the handshake");
  }
  socket->handshaker = operation;
  if (socket->phase == RFCTLS__CONNECTING) {
    status = rfctls__go_on_connecting(socket);
    if (status == RFCTLS_E_TIMEOUT) {
      return status; /* nothing is lost */
    }
    if (status == RFCTLS_OK) { /* each timer has its time */
      socket->handshake_deadline = RFCTLS__NEVER;
      operation->policy.deadline =
          rfctls__lasting_deadline(socket, RFCTLS_TIMER_HANDSHAKE, &socket->handshake_deadline);
    }
  }
  if (status == RFCTLS_OK && socket->phase == RFCTLS__OPENING) {
    status = begin_handshake(socket);
  }
  if (status == RFCTLS_OK) {
    status = push_handshake(socket);
  }
  if (status < 0 && socket->phase != RFCTLS__OPENING) {
    socket->phase = RFCTLS__BROKEN;
    rfctls__session_gone(socket, status);
    rfctls__break(socket, status);
  }
  return status;
}

/* Names what did not come in time. The next call begins the timer anew. */
static rfctls_status time_out(rfctls_socket *socket) {
  rfctls__phase phase;
  rfctls__socket_lock(socket);
  phase = socket->phase;
  socket->handshake_deadline = RFCTLS__NEVER;
  rfctls__socket_unlock(socket);
  return phase == RFCTLS__CONNECTING
             ? rfctls__raw_fail_late(socket->raw)
             : rfctls__fail(RFCTLS_E_TIMEOUT, "the peer did not finish the handshake in time");
}

rfctls_status rfctls_socket_handshake(rfctls_socket *socket) {
  rfctls__operation operation = {.step = handshake_step};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__socket_lock(socket);
  rfctls__decision_close(socket);
  operation.policy.waits = socket->blocking;
  operation.policy.deadline =
      rfctls__lasting_deadline(socket, RFCTLS_TIMER_HANDSHAKE, &socket->handshake_deadline);
  rfctls__socket_unlock(socket);
  status = rfctls__drive(socket, &operation);
  if (status > 0 && status != RFCTLS_WANT_VERIFY && status != RFCTLS_WANT_IDENTITY &&
      rfctls__deadline_passed(operation.policy.deadline)) {
    status = RFCTLS_E_TIMEOUT;
  }
  return status == RFCTLS_E_TIMEOUT ? time_out(socket) : status;
}
