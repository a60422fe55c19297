/* How client.c asks and server.c serves: a request is one letter and eight bytes, a number with its
 * most significant byte first. A connection carries any number of requests. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdint.h>

enum {
  REQUEST_SIZE = 9,
  ASK_DOWN = 'd', /* the server sends so many bytes                  */
  ASK_UP = 'u',   /* it receives so many, then answers one byte      */
  ASK_ECHO = 'e', /* it sends so many back as they come              */
  BLOCK = 64 * 1024
};

static inline void put_request(uint8_t request[REQUEST_SIZE], char what, uint64_t number) {
  request[0] = (uint8_t)what;
  for (int i = 8; i > 0; i--, number >>= 8) {
    request[i] = (uint8_t)number;
  }
}

static inline uint64_t request_number(const uint8_t request[REQUEST_SIZE]) {
  uint64_t number = 0;
  for (int i = 1; i < REQUEST_SIZE; i++) {
    number = number << 8 | request[i];
  }
  return number;
}

#endif
