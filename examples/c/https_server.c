/* The smallest web server: one page, one connection after the other, at most five seconds each.
 *
 *   https_server IDENTITY [PORT]
 *
 * IDENTITY is a PEM file with a certificate chain and its key. Prints the port it got (0, the default,
 * asks for any free one), then serves until it is killed. */
#include <rfctls.h>
#include <stdio.h>
#include <string.h>

static const char page[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 24\r\n"
    "Connection: close\r\n"
    "\r\n"
    "hello over TLS, stranger";

/* Reads up to the empty line that ends the request's head; a longer head is refused. */
static rfctls_status read_request(rfctls_socket *socket) {
  char head[8192];
  size_t size = 0, received = 0;
  rfctls_status status;
  do {
    status = rfctls_socket_recv(socket, 0, head + size, sizeof head - 1 - size, &received);
    size += received;
    head[size] = '\0';
  } while (status == RFCTLS_OK && received > 0 && strstr(head, "\r\n\r\n") == NULL);
  return status;
}

static void serve(rfctls_socket *socket) {
  size_t sent;
  rfctls_status status = rfctls_socket_handshake(socket);
  if (status == RFCTLS_OK)
    status = read_request(socket);
  if (status == RFCTLS_OK)
    status = rfctls_socket_send(socket, 0, page, strlen(page), &sent);
  if (status != RFCTLS_OK)
    fprintf(stderr, "https_server: %s\n", rfctls_error_message());
  rfctls_socket_close(socket);
}

static rfctls_status make_config(const char *identity, rfctls_config **out) {
  static const rfctls_timer timers[] = {RFCTLS_TIMER_HANDSHAKE, RFCTLS_TIMER_READ,
                                        RFCTLS_TIMER_WRITE};
  rfctls_chain *chain = NULL;
  rfctls_key *key = NULL;
  rfctls_status status = rfctls_config_new(RFCTLS_SERVER, out);
  if (status == RFCTLS_OK)
    status = rfctls_identity_from_file(identity, NULL, NULL, &chain, &key);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_identity(*out, chain, key);
  if (status == RFCTLS_OK)
    status = rfctls_config_add_protocol(*out, "http/1.1");
  for (size_t i = 0; status == RFCTLS_OK && i < sizeof timers / sizeof *timers; i++)
    status = rfctls_config_set_timeout(*out, timers[i], 5000);
  rfctls_chain_unref(chain);
  rfctls_key_unref(key);
  return status;
}

int main(int argc, char **argv) {
  rfctls_config *config = NULL;
  rfctls_socket *listener = NULL, *socket;
  rfctls_address *address = NULL;
  rfctls_status status;
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: https_server IDENTITY [PORT]\n");
    return 2;
  }
  status = make_config(argv[1], &config);
  if (status == RFCTLS_OK)
    status = rfctls_socket_listen(NULL, argc > 2 ? argv[2] : "0", config, &listener);
  if (status == RFCTLS_OK)
    status = rfctls_socket_local_address(listener, &address);
  if (status == RFCTLS_OK) {
    printf("%u\n", (unsigned)rfctls_address_port(address));
    fflush(stdout);
  }
  while (status == RFCTLS_OK) {
    status = rfctls_socket_accept(listener, &socket);
    if (status == RFCTLS_OK)
      serve(socket);
    rfctls_socket_unref(socket);
  }
  fprintf(stderr, "https_server: %s\n", rfctls_error_message());
  rfctls_address_unref(address);
  rfctls_socket_unref(listener);
  rfctls_config_unref(config);
  return 1;
}
