/* Arithmetic of deadlines: it ends at RFCTLS__NEVER, and never goes round. */
#include "base/deadline.h"

#include "base/error.h"

enum { NANOSECONDS_IN_MILLISECOND = 1000000 };

rfctls__deadline rfctls__deadline_in(int64_t milliseconds) {
  int64_t now;
  if (milliseconds < 0) {
    return RFCTLS__NEVER;
  }
  now = rfctls__now();
  if (milliseconds > (RFCTLS__NEVER - now) / NANOSECONDS_IN_MILLISECOND) {
    return RFCTLS__NEVER;
  }
  return now + milliseconds * NANOSECONDS_IN_MILLISECOND;
}

int rfctls__deadline_passed(rfctls__deadline deadline) {
  return rfctls__deadline_left(deadline) == 0;
}

int64_t rfctls__deadline_left(rfctls__deadline deadline) {
  int64_t now;
  if (deadline == RFCTLS__NEVER) {
    return -1;
  }
  now = rfctls__now();
  return deadline > now ? deadline - now : 0;
}

int64_t rfctls__deadline_left_ms(rfctls__deadline deadline) {
  int64_t left = rfctls__deadline_left(deadline);
  return left > 0 ? (left - 1) / NANOSECONDS_IN_MILLISECOND + 1 : left;
}

rfctls__deadline rfctls__deadline_earlier(rfctls__deadline a, rfctls__deadline b) {
  return a < b ? a : b;
}

rfctls_status rfctls__check_timer(rfctls_timer timer, int64_t milliseconds) {
  if (timer < RFCTLS_TIMER_CONNECT || timer > RFCTLS_TIMER_CLOSE) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%d is not a timer", (int)timer);
  }
  if (milliseconds < -1) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "a timer of %lld milliseconds", (long long)milliseconds);
  }
  return RFCTLS_OK;
}
