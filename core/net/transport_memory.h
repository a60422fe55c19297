/* The transport that is no descriptor: bytes that the program feeds and drains. What raw.c does for
 * a socket by the system is done here by two queues; nothing waits. */
#ifndef RFCTLS_NET_TRANSPORT_MEMORY_H
#define RFCTLS_NET_TRANSPORT_MEMORY_H

#include <stdint.h>

#include "rfctls/raw.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct rfctls__memory rfctls__memory;

rfctls_status rfctls__memory_new(rfctls__memory **out);
/* NULL is allowed. */
void rfctls__memory_free(rfctls__memory *memory);

/* As rfctls__raw_try_send and _try_recv. */
rfctls_status rfctls__memory_send(rfctls__memory *memory, const void *data, size_t size,
                                  size_t *sent);
rfctls_status rfctls__memory_recv(rfctls__memory *memory, void *buffer, size_t room, int peek,
                                  size_t *received);
/* WRITE: what was sent is all, the drain finds an end behind it. READ: as if the end had been fed. */
void rfctls__memory_shutdown(rfctls__memory *memory, rfctls_how how);
/* Shuts down both, and takes no more food. What was sent can still be drained. */
void rfctls__memory_close(rfctls__memory *memory);
/* Which of RFCTLS__POLL_READ and _WRITE would not answer WANT_* now. */
uint32_t rfctls__memory_ready(rfctls__memory *memory);

#if defined(__cplusplus)
}
#endif

#endif
