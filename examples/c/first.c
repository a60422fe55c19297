/* A first program: says one line to a TLS server, and prints what it answers.
 *
 *   first HOST [PORT [CAFILE]] */
#include <rfctls.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  const char *host = argc > 1 ? argv[1] : "localhost";
  const char *port = argc > 2 ? argv[2] : "443";
  const char *line = "GET / HTTP/1.0\r\n\r\n";
  char answer[4096];
  size_t count = 0;
  rfctls_config *config = NULL;
  rfctls_socket *socket = NULL;
  rfctls_status status = rfctls_config_new(RFCTLS_CLIENT, &config);
  if (status == RFCTLS_OK && argc > 3)
    status = rfctls_config_add_trust_file(config, argv[3], NULL);
  if (status == RFCTLS_OK)
    status = rfctls_socket_connect(host, port, config, &socket);
  if (status == RFCTLS_OK)
    status = rfctls_socket_handshake(socket);
  if (status == RFCTLS_OK)
    status = rfctls_socket_send(socket, 0, line, strlen(line), &count);
  if (status == RFCTLS_OK)
    status = rfctls_socket_recv(socket, 0, answer, sizeof answer, &count);
  if (status == RFCTLS_OK)
    printf("%.*s\n", (int)count, answer);
  else
    fprintf(stderr, "first: %s\n", rfctls_error_message());
  rfctls_socket_close(socket);
  rfctls_socket_unref(socket);
  rfctls_config_unref(config);
  return status == RFCTLS_OK ? 0 : 1;
}
