/* The works that are measured, the same for every peer.h. This program does one of them and prints
 * what it cost: processor time in nanoseconds, or resident bytes.
 *
 *   bench_PEER WORK HOST PORT AUTHORITY NUMBER [SIZE]
 *
 *   connect   NUMBER connections by one context: handshake, one byte, goodbye
 *   resume    the same, each resuming the one before
 *   scratch   the same, each with a context of its own
 *   up        NUMBER bytes, written SIZE at once
 *   down      NUMBER bytes, read at most SIZE at once
 *   echo      NUMBER times SIZE bytes there and back
 *   idle      NUMBER connections: resident bytes of each, before and after SIZE bytes up and down
 *
 * AUTHORITY is a PEM file, or "system". Beginnings, as the first connection, are not counted. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "peer.h"
#include "wire.h"

typedef struct order {
  target to;
  uint64_t number;
  size_t size;
} order;

static void require(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
  }
}

/* ---- measuring ---- */

static int64_t nanoseconds(struct timeval time) {
  return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

/* Of this process, in user and in system mode. */
static int64_t processor_time(void) {
  struct rusage usage;
  require(getrusage(RUSAGE_SELF, &usage) == 0, "no times");
  return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

static int64_t resident_bytes(void) {
  long long total = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  require(file != NULL && fscanf(file, "%lld %lld", &total, &resident) == 2, "no /proc/self/statm");
  fclose(file);
  return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

/* ---- talking ---- */

static void ask(bench_connection *peer, char what, uint64_t number) {
  uint8_t request[REQUEST_SIZE];
  put_request(request, what, number);
  connection_send(peer, request, sizeof request);
}

static void receive_all(bench_connection *peer, uint8_t *buffer, size_t size, uint64_t left) {
  while (left > 0) {
    left -= connection_receive(peer, buffer, left < size ? (size_t)left : size);
  }
}

static void send_all(bench_connection *peer, const uint8_t *data, size_t size, uint64_t left) {
  for (size_t part; left > 0; left -= part) {
    part = left < size ? (size_t)left : size;
    connection_send(peer, data, part);
  }
}

static void upload(bench_connection *peer, uint8_t *buffer, size_t size, uint64_t number) {
  ask(peer, ASK_UP, number);
  send_all(peer, buffer, size, number);
  receive_all(peer, buffer, 1, 1);
}

static void download(bench_connection *peer, uint8_t *buffer, size_t size, uint64_t number) {
  ask(peer, ASK_DOWN, number);
  receive_all(peer, buffer, size, number);
}

static void echo(bench_connection *peer, uint8_t *buffer, size_t size, uint64_t times) {
  ask(peer, ASK_ECHO, times * size);
  for (; times > 0; times--) {
    connection_send(peer, buffer, size);
    receive_all(peer, buffer, size, size);
  }
}

/* ---- works ---- */

/* The byte that comes brings the tickets along. */
static void visit(bench_context *context) {
  uint8_t byte;
  bench_connection *peer = connection_open(context);
  download(peer, &byte, 1, 1);
  connection_close(peer);
}

static void visit_from_scratch(const target *to) {
  bench_context *context = context_new(to);
  visit(context);
  context_free(context);
}

static void do_connect(const order *work) {
  bench_context *context = context_new(&work->to);
  int64_t begin;
  visit(context);
  begin = processor_time();
  for (uint64_t i = 0; i < work->number; i++) {
    visit(context);
  }
  printf("%lld\n", (long long)(processor_time() - begin));
  context_free(context);
}

static void do_scratch(const order *work) {
  int64_t begin;
  visit_from_scratch(&work->to);
  begin = processor_time();
  for (uint64_t i = 0; i < work->number; i++) {
    visit_from_scratch(&work->to);
  }
  printf("%lld\n", (long long)(processor_time() - begin));
}

typedef void transfer(bench_connection *peer, uint8_t *buffer, size_t size, uint64_t number);

static void do_transfer(const order *work, transfer *move, uint64_t first) {
  bench_context *context = context_new(&work->to);
  bench_connection *peer = connection_open(context);
  uint8_t *buffer = calloc(1, work->size);
  int64_t begin;
  require(buffer != NULL, "no memory");
  move(peer, buffer, work->size, first);
  begin = processor_time();
  move(peer, buffer, work->size, work->number);
  printf("%lld\n", (long long)(processor_time() - begin));
  free(buffer);
  connection_close(peer);
  context_free(context);
}

static void do_idle(const order *work) {
  bench_context *context = context_new(&work->to);
  bench_connection **peers = calloc(work->number, sizeof *peers);
  uint8_t *buffer = calloc(1, BLOCK);
  int64_t begin, open, used, number = (int64_t)work->number;
  require(peers != NULL && buffer != NULL, "no memory");
  memset(peers, 0xff, work->number * sizeof *peers); /* resident before the first look */
  memset(buffer, 0xff, BLOCK);
  visit(context);
  begin = resident_bytes();
  for (uint64_t i = 0; i < work->number; i++) {
    peers[i] = connection_open(context);
  }
  open = resident_bytes();
  for (uint64_t i = 0; i < work->number; i++) {
    upload(peers[i], buffer, BLOCK, work->size);
    download(peers[i], buffer, BLOCK, work->size);
  }
  used = resident_bytes();
  printf("%lld %lld\n", (long long)((open - begin) / number), (long long)((used - begin) / number));
  for (uint64_t i = 0; i < work->number; i++) {
    connection_close(peers[i]);
  }
  free(buffer);
  free(peers);
  context_free(context);
}

static void run(const char *what, order *work) {
  if (strcmp(what, "connect") == 0) {
    do_connect(work);
  } else if (strcmp(what, "resume") == 0) {
    work->to.resume = 1;
    do_connect(work);
  } else if (strcmp(what, "scratch") == 0) {
    do_scratch(work);
  } else if (strcmp(what, "up") == 0) {
    do_transfer(work, upload, BLOCK);
  } else if (strcmp(what, "down") == 0) {
    do_transfer(work, download, BLOCK);
  } else if (strcmp(what, "echo") == 0) {
    do_transfer(work, echo, 1);
  } else if (strcmp(what, "idle") == 0) {
    do_idle(work);
  } else {
    require(0, "no such work");
  }
}

int main(int argc, char **argv) {
  struct rlimit files;
  order work = {{NULL, NULL, NULL, 0}, 0, 1};
  require(argc == 6 || argc == 7, "usage: see the head of client.c");
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  work.to.host = argv[2];
  work.to.port = argv[3];
  work.to.authority = strcmp(argv[4], "system") == 0 ? NULL : argv[4];
  work.number = strtoull(argv[5], NULL, 10);
  work.size = argc == 7 ? strtoull(argv[6], NULL, 10) : 1;
  require(work.number > 0 && work.size > 0, "NUMBER and SIZE are at least 1");
  run(argv[1], &work);
  return 0;
}
