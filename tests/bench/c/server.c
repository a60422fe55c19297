/* The other end of all that is measured, the same for every client: OpenSSL alone, a thread a
 * connection. It chooses what both clients use: TLS 1.3, TLS_AES_128_GCM_SHA256, X25519.
 *
 *   bench_server CHAIN KEY TICKETS
 *
 * Prints the port it listens on, then serves until its input ends. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

enum { STACK = 256 * 1024 };

typedef struct job {
  SSL_CTX *ctx;
  int fd;
} job;

static void require(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "bench_server: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
  }
}

static SSL_CTX *make_context(const char *chain, const char *key, size_t tickets) {
  static const unsigned char id[] = "bench";
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  require(ctx != NULL, "no context");
  require(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1, "no TLS 1.3");
  require(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1, "no such cipher");
  require(SSL_CTX_set1_groups_list(ctx, "X25519") == 1, "no such group");
  require(SSL_CTX_use_certificate_chain_file(ctx, chain) == 1, chain);
  require(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1, key);
  require(SSL_CTX_set_num_tickets(ctx, tickets) == 1, "no tickets");
  require(SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1) == 1, "no session id context");
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  return ctx;
}

static int serve_down(SSL *ssl, uint64_t left) {
  static const uint8_t block[BLOCK];
  size_t size = 0;
  for (; left > 0; left -= size) {
    if (SSL_write_ex(ssl, block, left < BLOCK ? (size_t)left : BLOCK, &size) != 1) {
      return 0;
    }
  }
  return 1;
}

static int serve_up(SSL *ssl, uint64_t left) {
  uint8_t block[BLOCK];
  size_t size = 0;
  for (; left > 0; left -= size) {
    if (SSL_read_ex(ssl, block, left < BLOCK ? (size_t)left : BLOCK, &size) != 1) {
      return 0;
    }
  }
  return SSL_write_ex(ssl, block, 1, &size);
}

static int serve_echo(SSL *ssl, uint64_t left) {
  uint8_t block[BLOCK];
  size_t size = 0;
  for (; left > 0; left -= size) {
    if (SSL_read_ex(ssl, block, sizeof block, &size) != 1 ||
        SSL_write_ex(ssl, block, size, &size) != 1) {
      return 0;
    }
  }
  return 1;
}

static int serve_request(SSL *ssl) {
  uint8_t request[REQUEST_SIZE];
  size_t size = 0;
  if (SSL_read_ex(ssl, request, sizeof request, &size) != 1 || size != sizeof request) {
    return 0;
  }
  switch (request[0]) {
  case ASK_DOWN: return serve_down(ssl, request_number(request));
  case ASK_UP: return serve_up(ssl, request_number(request));
  case ASK_ECHO: return serve_echo(ssl, request_number(request));
  default: return 0;
  }
}

static void *serve(void *argument) {
  job *mine = argument;
  SSL *ssl = SSL_new(mine->ctx);
  int one = 1;
  setsockopt(mine->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (ssl != NULL && SSL_set_fd(ssl, mine->fd) == 1 && SSL_accept(ssl) == 1) {
    while (serve_request(ssl)) {
    }
    SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  close(mine->fd);
  free(mine);
  return NULL;
}

static int listen_anywhere(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
              listen(fd, SOMAXCONN) == 0 && getsockname(fd, (struct sockaddr *)&at, &size) == 0,
          "cannot listen");
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  return fd;
}

static void *end_with_input(void *unused) {
  while (getchar() != EOF) {
  }
  (void)unused;
  _exit(0);
}

static void start(pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  pthread_t thread;
  require(pthread_create(&thread, attributes, run, argument) == 0, "no thread");
}

int main(int argc, char **argv) {
  struct rlimit files;
  pthread_attr_t attributes;
  SSL_CTX *ctx;
  int listener;
  require(argc == 4, "usage: bench_server CHAIN KEY TICKETS");
  signal(SIGPIPE, SIG_IGN);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK);
  ctx = make_context(argv[1], argv[2], strtoul(argv[3], NULL, 10));
  listener = listen_anywhere();
  start(&attributes, end_with_input, NULL);
  for (;;) {
    job *next = malloc(sizeof *next);
    require(next != NULL, "no memory");
    *next = (job){ctx, accept(listener, NULL, NULL)};
    require(next->fd >= 0, "cannot accept");
    start(&attributes, serve, next);
  }
}
