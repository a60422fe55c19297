/* What can be said of this connection only, until its handshake begins. */
#include "tls/setup.h"

#include "base/alloc.h"
#include "tls/extension.h"
#include "tls/name.h"

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
