/* The client on librfctls. */
#include <rfctls.h>
#include <stdio.h>
#include <stdlib.h>

#include "peer.h"

struct bench_context {
  rfctls_config *config;
  const char *host;
  const char *port;
};

static void require(rfctls_status status) {
  if (status != RFCTLS_OK) {
    fprintf(stderr, "librfctls: %s\n", rfctls_error_message());
    exit(1);
  }
}

static void trust(rfctls_config *config, const char *authority) {
  rfctls_chain *roots = NULL;
  require(rfctls_chain_from_file(authority, NULL, &roots));
  require(rfctls_config_set_system_trust(config, 0));
  require(rfctls_config_add_authority(config, rfctls_chain_at(roots, 0)));
  rfctls_chain_unref(roots);
}

bench_context *context_new(const target *to) {
  bench_context *made = calloc(1, sizeof *made);
  if (made == NULL) {
    abort();
  }
  made->host = to->host;
  made->port = to->port;
  require(rfctls_config_new(RFCTLS_CLIENT, &made->config));
  require(rfctls_config_set_versions(made->config, RFCTLS_TLS_1_3, RFCTLS_TLS_ANY));
  require(rfctls_config_set_server_name(made->config, SERVER_NAME));
  if (to->authority != NULL) {
    trust(made->config, to->authority);
  }
  return made;
}

void context_free(bench_context *context) {
  rfctls_config_unref(context->config);
  free(context);
}

/* A connection is nothing but the socket. */
static rfctls_socket *socket_of(bench_connection *connection) {
  return (rfctls_socket *)connection;
}

bench_connection *connection_open(bench_context *context) {
  rfctls_socket *socket = NULL;
  require(rfctls_socket_connect(context->host, context->port, context->config, &socket));
  require(rfctls_socket_handshake(socket));
  return (bench_connection *)socket;
}

void connection_close(bench_connection *connection) {
  require(rfctls_socket_close(socket_of(connection)));
  rfctls_socket_unref(socket_of(connection));
}

void connection_send(bench_connection *connection, const void *data, size_t size) {
  size_t sent;
  require(rfctls_socket_send(socket_of(connection), 0, data, size, &sent));
}

size_t connection_receive(bench_connection *connection, void *buffer, size_t capacity) {
  size_t received;
  require(rfctls_socket_recv(socket_of(connection), 0, buffer, capacity, &received));
  return received;
}
