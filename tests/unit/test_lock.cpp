// Locks exclude, also when their first use is a race or a fork; processes tell themselves apart.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "base/lock.h"

namespace {

constexpr int kThreads = 4, kRounds = 5000;

void on_threads(const std::function<void()> &work) {
  std::atomic<int> waiting{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      waiting--;
      while (waiting > 0) {
        std::this_thread::yield();
      }
      work();
    });
  }
  for (auto &thread : threads) {
    thread.join();
  }
}

// What a child answers, 0 to 100; -1 if it died.
int in_child(const std::function<int()> &work) {
  pid_t child = fork();
  if (child == 0) {
    alarm(10);
    _exit(work());
  }
  int how = 0;
  waitpid(child, &how, 0);
  return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

TEST(Lock, Excludes) {
  rfctls__lock lock;
  int count = 0;
  rfctls__lock_init(&lock);
  on_threads([&] {
    for (int i = 0; i < kRounds; i++) {
      rfctls__lock_take(&lock);
      count++;
      rfctls__lock_drop(&lock);
    }
  });
  EXPECT_EQ(count, kThreads * kRounds);
  rfctls__lock_fini(&lock);
}

TEST(StaticLock, ExcludesFromItsFirstUseOn) {
  for (int round = 0; round < 100; round++) {
    rfctls__static_lock lock = RFCTLS__STATIC_LOCK;
    int count = 0;
    on_threads([&] {
      for (int i = 0; i < 20; i++) {
        rfctls__static_lock_take(&lock);
        count++;
        rfctls__static_lock_drop(&lock);
      }
    });
    ASSERT_EQ(count, kThreads * 20);
  }
}

TEST(StaticLock, IsFreeInAChildThoughAThreadOfTheParentHoldsIt) {
  static rfctls__static_lock lock = RFCTLS__STATIC_LOCK;
  std::promise<void> taken, forked;
  std::thread holder([&] {
    rfctls__static_lock_take(&lock);
    taken.set_value();
    forked.get_future().wait();
    rfctls__static_lock_drop(&lock);
  });
  taken.get_future().wait();
  EXPECT_EQ(in_child([] {
              rfctls__static_lock_take(&lock);
              rfctls__static_lock_drop(&lock);
              return 7;
            }),
            7);
  forked.set_value();
  holder.join();
}

TEST(Process, IsTheSameForAllThreads) {
  uint64_t number = rfctls__process();
  std::atomic<int> wrong{0};
  EXPECT_NE(number, 0u);
  on_threads([&] { wrong += rfctls__process() != number; });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(rfctls__process(), number);
}

TEST(Process, DiffersDownALineOfDescent) {
  uint64_t mine = rfctls__process();
  int answer = in_child([mine] {
    uint64_t children = rfctls__process();
    if (children == 0 || children == mine || children != rfctls__process()) {
      return 1;
    }
    return in_child([mine, children] {
      uint64_t grandchildren = rfctls__process();
      return grandchildren == 0 || grandchildren == mine || grandchildren == children ? 2 : 7;
    });
  });
  EXPECT_EQ(answer, 7);
  EXPECT_EQ(rfctls__process(), mine);
}

}  // namespace
