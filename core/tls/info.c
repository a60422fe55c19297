/* What a TLS socket tells of itself. */
#include "rfctls/socket.h"

#include "pki/pki.h"
#include "tls/socket_state.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

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

const char *rfctls_socket_session_refused(const rfctls_socket *socket) {
  const char *clause = NULL;
  if (socket != NULL) {
    clause = rfctls__socket_lock(socket)->session_refused;
    rfctls__socket_unlock(socket);
  }
  return clause;
}
