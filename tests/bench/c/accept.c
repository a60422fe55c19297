/* How do handshakes of a server scale with threads? Each thread connects to one listener that all of them
 * share, accepts, and does both handshakes; so it never waits for another one.
 *
 *   bench_accept CHAIN KEY AUTHORITY THREADS NUMBER
 *
 * Prints nanoseconds by the clock and of processor time for NUMBER handshakes a thread. */
#include <pthread.h>
#include <rfctls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peer.h"

static rfctls_config *client_config;
static rfctls_socket *listener;
static char port[8];
static int number;
static pthread_mutex_t pairing =
    PTHREAD_MUTEX_INITIALIZER; /* whom a thread connects is whom it accepts */

static void require(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "bench_accept: %s: %s\n", what, rfctls_error_message());
    exit(1);
  }
}

static rfctls_config *new_client(const char *authority) {
  rfctls_config *config = NULL;
  rfctls_chain *roots = NULL;
  require(rfctls_config_new(RFCTLS_CLIENT, &config) == RFCTLS_OK &&
              rfctls_chain_from_file(authority, NULL, &roots) == RFCTLS_OK &&
              rfctls_config_add_authority(config, rfctls_chain_at(roots, 0)) == RFCTLS_OK &&
              rfctls_config_set_system_trust(config, 0) == RFCTLS_OK &&
              rfctls_config_set_server_name(config, SERVER_NAME) == RFCTLS_OK &&
              rfctls_config_set_session_cache(config, 0) == RFCTLS_OK &&
              rfctls_config_set_blocking(config, 0) == RFCTLS_OK,
          "no client's config");
  rfctls_chain_unref(roots);
  return config;
}

static rfctls_socket *listen_with(const char *chain_path, const char *key_path) {
  rfctls_config *config = NULL;
  rfctls_chain *chain = NULL;
  rfctls_key *key = NULL;
  rfctls_socket *made = NULL;
  require(rfctls_config_new(RFCTLS_SERVER, &config) == RFCTLS_OK &&
              rfctls_chain_from_file(chain_path, NULL, &chain) == RFCTLS_OK &&
              rfctls_key_from_file(key_path, NULL, &key) == RFCTLS_OK &&
              rfctls_config_set_identity(config, chain, key) == RFCTLS_OK &&
              rfctls_socket_listen("127.0.0.1", "0", config, &made) == RFCTLS_OK,
          "no listener");
  rfctls_key_unref(key);
  rfctls_chain_unref(chain);
  rfctls_config_unref(config);
  return made;
}

static void learn_port(void) {
  rfctls_address *address = NULL;
  require(rfctls_socket_local_address(listener, &address) == RFCTLS_OK, "no address");
  snprintf(port, sizeof port, "%u", (unsigned)rfctls_address_port(address));
  rfctls_address_unref(address);
}

static void shake_once(void) {
  rfctls_socket *client = NULL, *server = NULL;
  rfctls_status of_client = RFCTLS_WANT_WRITE, of_server = RFCTLS_WANT_READ;
  pthread_mutex_lock(&pairing);
  require(rfctls_socket_connect("127.0.0.1", port, client_config, &client) == RFCTLS_OK, "connect");
  require(rfctls_socket_accept(listener, &server) == RFCTLS_OK, "accept");
  pthread_mutex_unlock(&pairing);
  rfctls_socket_set_blocking(server, 0);
  while (of_client > 0 || of_server > 0) {
    of_client = of_client > 0 ? rfctls_socket_handshake(client) : of_client;
    of_server = of_server > 0 ? rfctls_socket_handshake(server) : of_server;
    require(of_client >= 0 && of_server >= 0, "handshake");
  }
  rfctls_socket_unref(client);
  rfctls_socket_unref(server);
}

static void *shake_all(void *unused) {
  for (int i = 0; i < number; i++) {
    shake_once();
  }
  return unused;
}

static int64_t read_clock(clockid_t which) {
  struct timespec now;
  clock_gettime(which, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv) {
  pthread_t threads[64];
  int count = argc == 6 ? atoi(argv[4]) : 0;
  int64_t clock, used;
  require(count >= 1 && count <= 64, "usage: see the head of accept.c");
  number = atoi(argv[5]);
  client_config = new_client(argv[3]);
  listener = listen_with(argv[1], argv[2]);
  learn_port();
  shake_once(); /* beginnings do not count */
  clock = read_clock(CLOCK_MONOTONIC);
  used = read_clock(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < count; i++) {
    require(pthread_create(&threads[i], NULL, shake_all, NULL) == 0, "no thread");
  }
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
  }
  printf("%lld %lld\n", (long long)(read_clock(CLOCK_MONOTONIC) - clock),
         (long long)(read_clock(CLOCK_PROCESS_CPUTIME_ID) - used));
  rfctls_socket_unref(listener);
  rfctls_config_unref(client_config);
  return 0;
}
