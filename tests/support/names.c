/* Names for tests, to be preloaded (LD_PRELOAD): they need neither a network nor a name server.
 *
 * silent-first.test: two addresses, of which the first never answers (a listener whose queue is full, on the same
 *   port), and the second is 127.0.0.1;
 * silent.test: keeps the resolver silent for some seconds, longer than any test waits; then it is not known. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SILENCE = 5 /* seconds */, QUEUE = 4 };

typedef int (*resolver)(const char *node, const char *service, const struct addrinfo *hints,
                        struct addrinfo **list);

static const char silent_address[] = "127.0.0.2";

/* All of it stays open as long as the process. A second time the port is taken: it is silent already. */
static void silence_port(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  inet_pton(AF_INET, silent_address, &address.sin_addr);
  if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, 0) != 0) {
    return;
  }
  for (int i = 0; i < QUEUE; i++) {
    int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)connect(filler, (const struct sockaddr *)&address, sizeof address);
  }
}

static int resolve_two(resolver real, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list) {
  struct addrinfo *second = NULL;
  int code = real(silent_address, service, hints, list);
  if (code == 0) {
    code = real("127.0.0.1", service, hints, &second);
  }
  if (code == 0) {
    struct addrinfo *last = *list;
    silence_port(((const struct sockaddr_in *)(const void *)last->ai_addr)->sin_port);
    while (last->ai_next != NULL) {
      last = last->ai_next;
    }
    last->ai_next = second;
  }
  return code;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **list) {
  resolver real;
  *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  if (node != NULL && (hints == NULL || (hints->ai_flags & AI_NUMERICHOST) == 0)) {
    if (strcmp(node, "silent-first.test") == 0) {
      return resolve_two(real, service, hints, list);
    }
    if (strcmp(node, "silent.test") == 0) {
      struct timespec left = {SILENCE, 0};
      while (nanosleep(&left, &left) != 0) {
      }
      return EAI_AGAIN;
    }
  }
  return real(node, service, hints, list);
}
