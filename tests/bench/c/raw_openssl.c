/* The client as a program on OpenSSL alone has it, following OpenSSL's own documentation. */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

struct bench_context {
  SSL_CTX *ctx;
  SSL_SESSION *session; /* the newest ticket, while connections are to resume */
  const char *host;
  const char *port;
};

struct bench_connection {
  SSL *ssl;
  int fd;
};

static void require(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "raw_openssl: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
  }
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
  bench_context *context = SSL_get_app_data(ssl);
  SSL_SESSION_free(context->session);
  context->session = session;
  return 1; /* it is ours now */
}

bench_context *context_new(const target *to) {
  bench_context *made = calloc(1, sizeof *made);
  require(made != NULL, "no memory");
  *made = (bench_context){SSL_CTX_new(TLS_client_method()), NULL, to->host, to->port};
  require(made->ctx != NULL, "no context");
  require(SSL_CTX_set_min_proto_version(made->ctx, TLS1_3_VERSION) == 1, "no TLS 1.3");
  require(to->authority != NULL ? SSL_CTX_load_verify_locations(made->ctx, to->authority, NULL) == 1
                                : SSL_CTX_set_default_verify_paths(made->ctx) == 1,
          "no trust store");
  SSL_CTX_set_verify(made->ctx, SSL_VERIFY_PEER, NULL);
  if (to->resume) {
    SSL_CTX_set_session_cache_mode(made->ctx,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(made->ctx, keep_session);
  }
  return made;
}

void context_free(bench_context *context) {
  SSL_SESSION_free(context->session);
  SSL_CTX_free(context->ctx);
  free(context);
}

static int connect_tcp(const bench_context *context) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
  int fd = -1, one = 1;
  require(getaddrinfo(context->host, context->port, &hints, &list) == 0, "no address");
  for (struct addrinfo *item = list; item != NULL && fd < 0; item = item->ai_next) {
    fd = socket(item->ai_family, item->ai_socktype | SOCK_CLOEXEC, item->ai_protocol);
    if (fd >= 0 && connect(fd, item->ai_addr, item->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(list);
  require(fd >= 0, "cannot connect");
  require(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "no TCP_NODELAY");
  return fd;
}

bench_connection *connection_open(bench_context *context) {
  bench_connection *made = malloc(sizeof *made);
  require(made != NULL, "no memory");
  made->fd = connect_tcp(context);
  made->ssl = SSL_new(context->ctx);
  require(made->ssl != NULL, "no connection");
  require(SSL_set_app_data(made->ssl, context) == 1, "no memory");
  require(SSL_set_fd(made->ssl, made->fd) == 1, "no descriptor");
  require(SSL_set_tlsext_host_name(made->ssl, SERVER_NAME) == 1, "no server name");
  require(SSL_set1_host(made->ssl, SERVER_NAME) == 1, "no name to check");
  if (context->session != NULL) {
    require(SSL_set_session(made->ssl, context->session) == 1, "no session");
  }
  require(SSL_connect(made->ssl) == 1, "the handshake failed");
  return made;
}

void connection_close(bench_connection *connection) {
  SSL_shutdown(connection->ssl);
  SSL_free(connection->ssl);
  close(connection->fd);
  free(connection);
}

void connection_send(bench_connection *connection, const void *data, size_t size) {
  size_t sent;
  require(SSL_write_ex(connection->ssl, data, size, &sent) == 1, "cannot send");
}

size_t connection_receive(bench_connection *connection, void *buffer, size_t capacity) {
  size_t received;
  require(SSL_read_ex(connection->ssl, buffer, capacity, &received) == 1, "cannot receive");
  return received;
}
