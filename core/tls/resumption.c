/* Resumption: when a session is kept, and who may use it. TLS checks nothing again, so all that was
 * checked, and all that could have changed the check, is part of a session's key. */
#include "tls/resumption.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tls/session_cache.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- keys ---- */

/* The config's options, the name as it is asked for and checked, protocols, extensions, and what was set for
 * this connection alone. */
static rfctls_status make_key(const rfctls_socket *socket, const rfctls__opening *opening,
                              rfctls__session_key *out) {
  const int32_t numbers[] = {socket->server_name_is_ip, socket->ask_verify, socket->ask_identity};
  const char *name = socket->server_name;
  rfctls__buffer text = {0};
  rfctls_status status = rfctls__buffer_append(&text, numbers, sizeof numbers);
  memcpy(out->options, socket->shared->digest, sizeof out->options);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(&text, out->options, sizeof out->options);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append_sized(&text, name, name != NULL ? strlen(name) : 0);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append_sized(&text, opening->protocols.data, opening->protocols.size);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append_sized(&text, opening->extensions.data, opening->extensions.size);
  }
  if (status == RFCTLS_OK) {
    status = engine->digest(rfctls__buffer_bytes(&text), out->whole);
  }
  rfctls__buffer_release(&text);
  return status;
}

/* ---- a connection ---- */

/* Only where the library itself said yes to a name, and nobody chose an identity in between. */
static int is_kept(const rfctls_socket *socket) {
  const rfctls_config *config = socket->config;
  int is_insecure = config->skip_verify || config->skip_name_check || config->key_log != NULL;
  return config->session_cache && !is_insecure && !socket->ask_verify && !socket->ask_identity &&
         socket->server_name != NULL && socket->service != NULL;
}

/* The program's own session counts alone, even when it is not for this connection. That it came from
 * another service does not matter: who gives it knows that both are one peer's. */
static void offer_given(rfctls_socket *socket) {
  socket->session_refused =
      rfctls__session_differs(socket->session, &socket->session_key, socket->server_name);
  if (socket->session_refused == NULL &&
      !engine->session_use(socket->conn, rfctls__session_held(socket->session))) {
    socket->session_refused = "it has expired, or was used, or its certificate was not verified";
  }
  socket->session_offered = socket->session_refused == NULL;
  rfctls_session_unref(socket->session);
  socket->session = NULL;
}

static void offer_kept(rfctls_socket *socket) {
  int offered = 0;
  while (!offered) {
    rfctls_session *session = rfctls__session_take_kept(&socket->session_key, socket->service);
    if (session == NULL) {
      return;
    }
    offered = engine->session_use(socket->conn, rfctls__session_held(session));
    if (offered) {
      socket->tried = session;
    } else {
      rfctls_session_unref(session);
    }
  }
}

rfctls_status rfctls__session_offer(rfctls_socket *socket, const rfctls__opening *opening) {
  rfctls_status status = make_key(socket, opening, &socket->session_key);
  if (status == RFCTLS_OK && socket->session != NULL) {
    offer_given(socket);
  } else if (status == RFCTLS_OK && is_kept(socket)) {
    offer_kept(socket);
  }
  return status;
}

void rfctls__session_answered(rfctls_socket *socket) {
  if (socket->session_offered && !socket->facts.resumed) {
    socket->session_refused = "the server did not take it";
  }
  rfctls_session_unref(socket->tried);
  socket->tried = NULL;
}

void rfctls__session_gone(rfctls_socket *socket, rfctls_status status) {
  int by_peer = status == RFCTLS_E_ALERT || status == RFCTLS_E_PROTOCOL ||
                status == RFCTLS_E_TRUNCATED || status == RFCTLS_E_RESET;
  if (socket->tried != NULL && by_peer) {
    rfctls__session_broke(socket->tried, &socket->session_key, socket->service);
  }
}

void rfctls__session_collect(rfctls_socket *socket) {
  rfctls__session *held = NULL;
  rfctls_session *session;
  if (socket->role == RFCTLS_CLIENT && socket->phase == RFCTLS__ESTABLISHED &&
      socket->failure.status == RFCTLS_OK) {
    held = engine->session_take(socket->conn);
  }
  if (held == NULL) {
    return;
  }
  session = rfctls__session_new(held, &socket->session_key, socket->server_name, socket->service);
  if (session == NULL) {
    return; /* the next handshake is a full one */
  }
  if (is_kept(socket)) {
    rfctls__session_keep(session, &socket->session_key, socket->service);
  }
  rfctls_session_unref(socket->session);
  socket->session = session;
}
