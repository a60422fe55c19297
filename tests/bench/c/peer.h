/* What client.c measures: one TLS client, written twice, in raw_openssl.c and in librfctls.c. Both
 * speak TLS 1.3 alone, verify chain and name, and switch Nagle's algorithm off. A failure says why
 * and ends the program: there is nothing to measure then. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stddef.h>

#define SERVER_NAME "server.test"

typedef struct target {
  const char *host;
  const char *port;
  const char *authority; /* a PEM file with the root; NULL: the system's trust store */
  int resume;            /* whether a connection is to resume the one before         */
} target;

typedef struct bench_context
    bench_context; /* what connections share: settings, credentials, trust */
typedef struct bench_connection bench_connection;

bench_context *context_new(const target *to);
void context_free(bench_context *context);

/* A connection whose handshake is done; says goodbye and frees it. */
bench_connection *connection_open(bench_context *context);
void connection_close(bench_connection *connection);
/* All of it. */
void connection_send(bench_connection *connection, const void *data, size_t size);
/* What is there, at least one byte. */
size_t connection_receive(bench_connection *connection, void *buffer, size_t capacity);

#endif
