/* Points in monotonic time, in nanoseconds: an operation computes its deadline once. */
#ifndef RFCTLS_BASE_DEADLINE_H
#define RFCTLS_BASE_DEADLINE_H

#include <stdint.h>

#include "rfctls/config.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef int64_t rfctls__deadline;

#define RFCTLS__NEVER INT64_MAX

/* Now, in nanoseconds of a clock that only goes forward (base/posix.c, base/windows.c). */
int64_t rfctls__now(void);
/* milliseconds from now: negative is RFCTLS__NEVER, 0 has passed already. */
rfctls__deadline rfctls__deadline_in(int64_t milliseconds);
int rfctls__deadline_passed(rfctls__deadline deadline);
/* What is left, in nanoseconds: 0 when passed, -1 for RFCTLS__NEVER. */
int64_t rfctls__deadline_left(rfctls__deadline deadline);
/* The same in milliseconds, never too few. */
int64_t rfctls__deadline_left_ms(rfctls__deadline deadline);
rfctls__deadline rfctls__deadline_earlier(rfctls__deadline a, rfctls__deadline b);

enum { RFCTLS__TIMER_COUNT = RFCTLS_TIMER_CLOSE + 1 };

/* E_ARGUMENT: no such timer, or one of less than -1 milliseconds. */
rfctls_status rfctls__check_timer(rfctls_timer timer, int64_t milliseconds);

#if defined(__cplusplus)
}
#endif

#endif
