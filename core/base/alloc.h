/* Memory of ours: zeroed when made, and wiped where it held a secret. Every allocation of the
 * library goes through here, so that a test can make the nth one fail. */
#ifndef RFCTLS_BASE_ALLOC_H
#define RFCTLS_BASE_ALLOC_H

#include <stddef.h>

#if defined(__cplusplus)
extern "C" {
#endif

/* Zeroed memory; NULL when there is none. size 0 gives a pointer that may be freed. */
void *rfctls__alloc(size_t size);
/* As realloc; what is added is not zeroed. */
void *rfctls__realloc(void *memory, size_t size);
void rfctls__free(void *memory);
/* A copy of a string, or of size bytes with a NUL behind them. NULL gives NULL. */
char *rfctls__strdup(const char *text);
char *rfctls__strndup(const void *data, size_t size);
/* Overwrites; the compiler cannot leave it out. */
void rfctls__wipe(void *memory, size_t size);

/* For tests: called before each allocation; answers 1 to make it fail. NULL switches it off. */
typedef int (*rfctls__alloc_hook)(void);
void rfctls__set_alloc_hook(rfctls__alloc_hook hook);

#if defined(__cplusplus)
}
#endif

#endif
