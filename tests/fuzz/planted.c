/* A planted bug, linked with --wrap=rfctls__realloc: some sizes get half of what was asked for. */
#include "base/alloc.h"

void *__real_rfctls__realloc(void *memory, size_t size);
void *__wrap_rfctls__realloc(void *memory, size_t size);

void *__wrap_rfctls__realloc(void *memory, size_t size) {
  return __real_rfctls__realloc(memory, size % 8 == 1 ? size / 2 : size);
}
