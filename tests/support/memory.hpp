// Runs an action again and again, each time with another of its allocations failing.
#ifndef RFCTLS_TESTS_MEMORY_HPP
#define RFCTLS_TESTS_MEMORY_HPP

#include <gtest/gtest.h>

#include "base/alloc.h"
#include "rfctls/status.h"

namespace rfctls_test {

inline int allocations_left = 0;

inline int fail_when_none_is_left() {
  return allocations_left-- <= 0;
}

// The action returns its status and checks for itself that a failure left nothing behind; it has to
// end as E_MEMORY until there is enough, and then as OK.
template <typename Action>
void for_each_failing_allocation(Action action) {
  rfctls_status status = RFCTLS_E_MEMORY;
  int given = 0;
  for (; status != RFCTLS_OK && given < 1000; given++) {
    allocations_left = given;
    rfctls__set_alloc_hook(fail_when_none_is_left);
    status = action();
    rfctls__set_alloc_hook(nullptr);
    ASSERT_TRUE(status == RFCTLS_OK || status == RFCTLS_E_MEMORY)
        << rfctls_status_name(status) << " with " << given << " allocations";
  }
  EXPECT_EQ(RFCTLS_OK, status);
  EXPECT_GT(given, 1) << "the action allocates nothing";
}

}  // namespace rfctls_test

#endif
