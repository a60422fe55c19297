/* Fetches a page over HTTPS and prints it, head and body.
 *
 *   https_get HOST [PORT [PATH [CAFILE]]] */
#include <rfctls.h>
#include <stdio.h>
#include <stdlib.h>

/* Beside the system's authorities, those of cafile, if one is given. */
static rfctls_status make_config(const char *cafile, rfctls_config **out) {
  rfctls_status status = rfctls_config_new(RFCTLS_CLIENT, out);
  if (status == RFCTLS_OK)
    status = rfctls_config_add_protocol(*out, "http/1.1");
  if (status == RFCTLS_OK)
    status = rfctls_config_set_timeout(*out, RFCTLS_TIMER_READ, 30000);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_timeout(*out, RFCTLS_TIMER_WRITE, 30000);
  if (status == RFCTLS_OK && cafile != NULL)
    status = rfctls_config_add_trust_file(*out, cafile, NULL);
  return status;
}

static rfctls_status ask(rfctls_socket *socket, const char *host, const char *path) {
  char request[2048];
  size_t sent;
  int size = snprintf(request, sizeof request,
                      "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host);
  if (size < 0 || (size_t)size >= sizeof request) {
    fprintf(stderr, "https_get: host and path are too long\n");
    exit(2);
  }
  return rfctls_socket_send(socket, 0, request, (size_t)size, &sent);
}

/* All that comes, up to the polite end: a connection that was cut is a failure, not a short page. */
static rfctls_status print_answer(rfctls_socket *socket) {
  char bytes[16384];
  size_t count;
  rfctls_status status;
  do {
    status = rfctls_socket_recv(socket, 0, bytes, sizeof bytes, &count);
    fwrite(bytes, 1, count, stdout);
  } while (status == RFCTLS_OK && count > 0);
  return status;
}

int main(int argc, char **argv) {
  rfctls_config *config = NULL;
  rfctls_socket *socket = NULL;
  rfctls_status status;
  if (argc < 2 || argc > 5) {
    fprintf(stderr, "usage: https_get HOST [PORT [PATH [CAFILE]]]\n");
    return 2;
  }
  status = make_config(argc > 4 ? argv[4] : NULL, &config);
  if (status == RFCTLS_OK)
    status = rfctls_socket_connect(argv[1], argc > 2 ? argv[2] : "443", config, &socket);
  if (status == RFCTLS_OK)
    status = rfctls_socket_handshake(socket);
  if (status == RFCTLS_OK)
    status = ask(socket, argv[1], argc > 3 ? argv[3] : "/");
  if (status == RFCTLS_OK)
    status = print_answer(socket);
  if (status == RFCTLS_OK)
    status = rfctls_socket_close(socket);
  if (status != RFCTLS_OK)
    fprintf(stderr, "https_get: %s\n", rfctls_error_message());
  rfctls_socket_unref(socket);
  rfctls_config_unref(config);
  return status == RFCTLS_OK ? 0 : 1;
}
