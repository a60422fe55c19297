/* Connects to a server as any client would, and tells what was agreed on.
 *
 *   negotiated HOST [PORT] */
#include <rfctls.h>
#include <stdio.h>
#include <time.h>

static const char *version_text(rfctls_tls_version version) {
  switch (version) {
  case RFCTLS_TLS_1_0: return "TLSv1.0";
  case RFCTLS_TLS_1_1: return "TLSv1.1";
  case RFCTLS_TLS_1_2: return "TLSv1.2";
  case RFCTLS_TLS_1_3: return "TLSv1.3";
  case RFCTLS_TLS_ANY:
  case RFCTLS_TLS_VERSION_IS_INT: break;
  }
  return "unknown";
}

static void print_date(const char *name, int64_t seconds) {
  char text[32] = "?";
  time_t when = (time_t)seconds;
  const struct tm *utc = gmtime(&when);
  if (utc != NULL)
    strftime(text, sizeof text, "%Y-%m-%d", utc);
  printf("%-12s%s\n", name, text);
}

static void print_facts(const rfctls_socket *socket) {
  const char *protocol = rfctls_socket_protocol(socket);
  const rfctls_cert *cert = rfctls_socket_peer_cert(socket);
  rfctls_address *peer = NULL;
  if (rfctls_socket_peer_address(socket, &peer) == RFCTLS_OK)
    printf("%-12s%s port %u\n", "address", rfctls_address_ip(peer),
           (unsigned)rfctls_address_port(peer));
  printf("%-12s%s\n", "version", version_text(rfctls_socket_tls_version(socket)));
  printf("%-12s%s\n", "cipher", rfctls_socket_cipher(socket));
  printf("%-12s%s\n", "protocol", protocol != NULL ? protocol : "none");
  printf("%-12s%s\n", "verified", rfctls_socket_server_name(socket));
  printf("%-12s%s\n", "subject", rfctls_cert_subject(cert));
  printf("%-12s%s\n", "issuer", rfctls_cert_issuer(cert));
  print_date("valid from", rfctls_cert_not_before(cert));
  print_date("valid to", rfctls_cert_not_after(cert));
  rfctls_address_unref(peer);
}

int main(int argc, char **argv) {
  rfctls_config *config = NULL;
  rfctls_socket *socket = NULL;
  rfctls_status status;
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: negotiated HOST [PORT]\n");
    return 2;
  }
  status = rfctls_config_new(RFCTLS_CLIENT, &config);
  if (status == RFCTLS_OK)
    status = rfctls_config_add_protocol(config, "h2");
  if (status == RFCTLS_OK)
    status = rfctls_config_add_protocol(config, "http/1.1");
  if (status == RFCTLS_OK)
    status = rfctls_socket_connect(argv[1], argc > 2 ? argv[2] : "443", config, &socket);
  if (status == RFCTLS_OK)
    status = rfctls_socket_handshake(socket);
  if (status == RFCTLS_OK) {
    print_facts(socket);
    rfctls_socket_close(socket); /* nothing was said that could be lost */
  } else {
    fprintf(stderr, "negotiated: %s\n", rfctls_error_message());
  }
  rfctls_socket_unref(socket);
  rfctls_config_unref(config);
  return status == RFCTLS_OK ? 0 : 1;
}
