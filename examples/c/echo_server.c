/* An echo server: one thread a connection, so that a slow client delays nobody else.
 *
 *   echo_server IDENTITY [PORT]
 *
 * IDENTITY is a PEM file with a certificate chain and its key. Prints the port it got (0, the default,
 * asks for any free one), then serves until it is killed. */
#include <pthread.h>
#include <rfctls.h>
#include <stdio.h>

static rfctls_status echo(rfctls_socket *socket) {
  rfctls_status status;
  char buffer[16384];
  size_t received, sent;
  do {
    status = rfctls_socket_recv(socket, 0, buffer, sizeof buffer, &received);
    if (status == RFCTLS_OK && received > 0)
      status = rfctls_socket_send(socket, 0, buffer, received, &sent);
  } while (status == RFCTLS_OK && received > 0);
  return status;
}

/* The life of one connection. It has its own thread from the handshake on: a client that is slow to
 * say hello, or says nothing, has only this thread, and only for as long as the timers allow. */
static void *serve(void *argument) {
  rfctls_socket *socket = argument;
  rfctls_status status = rfctls_socket_handshake(socket);
  if (status == RFCTLS_OK)
    status = echo(socket);
  if (status != RFCTLS_OK)
    fprintf(stderr, "echo_server: %s\n", rfctls_error_message());
  rfctls_socket_close(socket);
  rfctls_socket_unref(socket);
  return NULL;
}

static void start(rfctls_socket *socket) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, serve, socket) == 0) {
    pthread_detach(thread);
  } else {
    fprintf(stderr, "echo_server: no thread for another connection\n");
    rfctls_socket_unref(socket);
  }
}

static rfctls_status make_config(const char *identity, rfctls_config **out) {
  rfctls_chain *chain = NULL;
  rfctls_key *key = NULL;
  rfctls_status status = rfctls_config_new(RFCTLS_SERVER, out);
  if (status == RFCTLS_OK)
    status = rfctls_identity_from_file(identity, NULL, NULL, &chain, &key);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_identity(*out, chain, key);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_timeout(*out, RFCTLS_TIMER_READ, 60000);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_timeout(*out, RFCTLS_TIMER_WRITE, 60000);
  rfctls_chain_unref(chain);
  rfctls_key_unref(key);
  return status;
}

static rfctls_status print_port(const rfctls_socket *listener) {
  rfctls_address *address = NULL;
  rfctls_status status = rfctls_socket_local_address(listener, &address);
  if (status == RFCTLS_OK) {
    printf("%u\n", (unsigned)rfctls_address_port(address));
    fflush(stdout);
  }
  rfctls_address_unref(address);
  return status;
}

int main(int argc, char **argv) {
  rfctls_config *config = NULL;
  rfctls_socket *listener = NULL, *socket;
  rfctls_status status;
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: echo_server IDENTITY [PORT]\n");
    return 2;
  }
  status = make_config(argv[1], &config);
  if (status == RFCTLS_OK)
    status = rfctls_socket_listen(NULL, argc > 2 ? argv[2] : "0", config, &listener);
  if (status == RFCTLS_OK)
    status = print_port(listener);
  while (status == RFCTLS_OK) {
    status = rfctls_socket_accept(listener, &socket);
    if (status == RFCTLS_OK)
      start(socket);
  }
  fprintf(stderr, "echo_server: %s\n", rfctls_error_message());
  rfctls_socket_unref(listener);
  rfctls_config_unref(config);
  return 1;
}
