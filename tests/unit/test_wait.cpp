// Sleeping ends when it should: never early, never missed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "base/error.h"
#include "net/wait.h"

namespace {

constexpr int64_t kMillisecond = 1000000;

// Both ends of a stream.
struct Pair {
  Pair() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0) {
      abort();
    }
  }
  ~Pair() {
    for (int one : fd) {
      if (one >= 0) {
        close(one);
      }
    }
  }
  void fill(int end) {
    char zeros[4096] = {};
    while (send(fd[end], zeros, sizeof zeros, MSG_DONTWAIT) > 0) {
    }
  }
  int fd[2];
};

struct Waker {
  Waker() {
    EXPECT_EQ(rfctls__waker_take(&waker), RFCTLS_OK);
  }
  ~Waker() {
    rfctls__waker_give(waker);
  }
  rfctls__waker *waker = nullptr;
};

rfctls__deadline soon() {
  return rfctls__deadline_in(30);
}
rfctls__deadline late() {
  return rfctls__deadline_in(10000);
}

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) {
    count += fcntl(fd, F_GETFD) >= 0;
  }
  return count;
}

// Interrupts this process every few milliseconds.
struct Ticks {
  Ticks() {
    struct sigaction action = {};
    struct itimerval every = {{0, 2000}, {0, 2000}};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &every, nullptr);
  }
  ~Ticks() {
    struct itimerval never = {};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before, nullptr);
  }
  struct sigaction before = {};
};

TEST(Wait, EndsAtItsDeadlineAndNotBefore) {
  for (int i = 0; i < 10; i++) {
    Pair pair;
    rfctls__deadline deadline = rfctls__now() + 7 * kMillisecond + i * 100001;
    EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_READ, nullptr, deadline, 0), RFCTLS_E_TIMEOUT);
    EXPECT_GE(rfctls__now(), deadline);
    EXPECT_EQ(rfctls_error_status(), RFCTLS_E_TIMEOUT);
  }
}

TEST(Wait, LooksOnceThoughItsDeadlineHasPassed) {
  Pair pair;
  ASSERT_EQ(write(pair.fd[1], "x", 1), 1);
  EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_READ, nullptr, rfctls__deadline_in(0), 0),
            RFCTLS_OK);
}

TEST(Wait, EndsWhenTheDescriptorIsReady) {
  Pair pair;
  std::thread writer([&] { EXPECT_EQ(write(pair.fd[1], "x", 1), 1); });
  EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_READ, nullptr, late(), 0), RFCTLS_OK);
  writer.join();
  EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_WRITE, nullptr, late(), 0), RFCTLS_OK);
  pair.fill(0);
  EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_WRITE, nullptr, soon(), 0), RFCTLS_E_TIMEOUT);
}

TEST(Wait, EndsWhenThePeerHangsUp) {
  for (uint32_t events :
       {static_cast<uint32_t>(RFCTLS__POLL_READ), static_cast<uint32_t>(RFCTLS__POLL_WRITE), 0u}) {
    Pair pair;
    pair.fill(0);
    close(pair.fd[1]);
    pair.fd[1] = -1;
    EXPECT_EQ(rfctls__wait(pair.fd[0], events, nullptr, late(), 0), RFCTLS_OK);
  }
}

TEST(Wait, EndsBySignalOnlyIfAsked) {
  Pair pair;
  Ticks ticks;
  EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_READ, nullptr, late(), 1), RFCTLS_OK);
  rfctls__deadline deadline = soon();
  EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_READ, nullptr, deadline, 0), RFCTLS_E_TIMEOUT);
  EXPECT_GE(rfctls__now(), deadline);
}

TEST(Waker, EndsASleepThatBeginsLater) {
  Waker one;
  rfctls__waker_signal(one.waker);
  EXPECT_EQ(rfctls__wait(RFCTLS__NO_FD, 0, one.waker, late(), 0), RFCTLS_OK);
}

TEST(Waker, EndsOneSleepForAnyNumberOfSignals) {
  Waker one;
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 3; i++) {
      rfctls__waker_signal(one.waker);
    }
    EXPECT_EQ(rfctls__wait(RFCTLS__NO_FD, 0, one.waker, late(), 0), RFCTLS_OK);
    EXPECT_EQ(rfctls__wait(RFCTLS__NO_FD, 0, one.waker, soon(), 0), RFCTLS_E_TIMEOUT);
  }
}

TEST(Waker, EndsTheSleepOfAnotherThread) {
  Pair pair;
  Waker one;
  std::thread other([&] { rfctls__waker_signal(one.waker); });
  EXPECT_EQ(rfctls__wait(pair.fd[0], RFCTLS__POLL_READ, one.waker, late(), 0), RFCTLS_OK);
  other.join();
}

TEST(Waker, NeverLosesASignalOfABurst) {
  constexpr int kSignals = 50000;
  Waker one;
  std::atomic<int> said{0};
  std::thread other([&] {
    for (int i = 0; i < kSignals; i++) {
      said++;
      rfctls__waker_signal(one.waker);
    }
  });
  rfctls_status status = RFCTLS_OK;
  while (said < kSignals && status == RFCTLS_OK) {
    status = rfctls__wait(RFCTLS__NO_FD, 0, one.waker, late(), 0);
  }
  other.join();
  EXPECT_EQ(status, RFCTLS_OK);
}

TEST(Waker, NeverLosesASignalOfTwoThatTakeTurns) {
  constexpr int kRounds = 5000;
  Waker wakers[2];
  std::atomic<int> turn{0}, timeouts{0};
  auto play = [&](int me) {
    while (turn < kRounds && timeouts == 0) {
      if (turn % 2 == me) {
        turn++;
        rfctls__waker_signal(wakers[1 - me].waker);
      } else {
        timeouts += rfctls__wait(RFCTLS__NO_FD, 0, wakers[me].waker, late(), 0) != RFCTLS_OK;
      }
    }
    rfctls__waker_signal(wakers[1 - me].waker);
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(timeouts, 0);
  EXPECT_GE(turn, kRounds);
}

TEST(Waker, GoesBackWithoutItsSignal) {
  rfctls__waker *first = nullptr, *again = nullptr;
  ASSERT_EQ(rfctls__waker_take(&first), RFCTLS_OK);
  rfctls__waker_signal(first);
  rfctls__waker_give(first);
  ASSERT_EQ(rfctls__waker_take(&again), RFCTLS_OK);
  EXPECT_EQ(again, first);
  EXPECT_EQ(rfctls__wait(RFCTLS__NO_FD, 0, again, soon(), 0), RFCTLS_E_TIMEOUT);
  rfctls__waker_give(again);
}

TEST(Waker, PoolReusesAndKeepsABoundedNumber) {
  std::vector<rfctls__waker *> wakers(200);
  int before = open_descriptors();
  for (int round = 0; round < 3; round++) {
    for (auto &waker : wakers) {
      ASSERT_EQ(rfctls__waker_take(&waker), RFCTLS_OK);
    }
    for (auto &waker : wakers) {
      rfctls__waker_give(waker);
    }
  }
  EXPECT_LE(open_descriptors(), before + 2 * 64);
}

TEST(Waker, OfAChildDoesNotWakeTheParent) {
  rfctls__waker *waker = nullptr;
  ASSERT_EQ(rfctls__waker_take(&waker), RFCTLS_OK);
  rfctls__waker_give(waker);
  pid_t child = fork();
  if (child == 0) {
    alarm(10);
    rfctls__waker *children = nullptr;
    if (rfctls__waker_take(&children) != RFCTLS_OK) {
      _exit(1);
    }
    rfctls__waker_signal(children); /* stays readable in what the two may share */
    _exit(0);
  }
  int how = -1;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  ASSERT_EQ(how, 0);
  ASSERT_EQ(rfctls__waker_take(&waker), RFCTLS_OK);
  EXPECT_EQ(rfctls__wait(RFCTLS__NO_FD, 0, waker, soon(), 0), RFCTLS_E_TIMEOUT);
  rfctls__waker_give(waker);
}

TEST(WaitMany, TellsWhichAreReady) {
  std::vector<Pair> pairs(20);
  std::vector<rfctls__poll> items;
  size_t ready = 99;
  for (auto &pair : pairs) {
    items.push_back({pair.fd[0], RFCTLS__POLL_READ, 99});
  }
  items.push_back({RFCTLS__NO_FD, RFCTLS__POLL_READ, 99});
  items.push_back({pairs[0].fd[0], RFCTLS__POLL_READ | RFCTLS__POLL_WRITE, 99});
  ASSERT_EQ(write(pairs[7].fd[1], "x", 1), 1);
  ASSERT_EQ(rfctls__wait_many(items.data(), items.size(), late(), &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 2u);
  for (size_t i = 0; i < items.size(); i++) {
    uint32_t expected = i == 7 ? RFCTLS__POLL_READ : i == items.size() - 1 ? RFCTLS__POLL_WRITE : 0;
    EXPECT_EQ(items[i].found, expected) << i;
  }
}

TEST(WaitMany, TellsErrorsUnasked) {
  Pair pair;
  size_t ready = 0;
  int closed = dup(pair.fd[0]);
  close(closed);
  rfctls__poll items[] = {{closed, 0, 0}, {pair.fd[0], RFCTLS__POLL_READ, 0}};
  ASSERT_EQ(rfctls__wait_many(items, 2, late(), &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 1u);
  EXPECT_EQ(items[0].found, static_cast<uint32_t>(RFCTLS__POLL_ERROR));
}

TEST(WaitMany, EndsAtItsDeadlineWithNone) {
  Pair pair;
  size_t ready = 99;
  rfctls__poll item = {pair.fd[0], RFCTLS__POLL_READ, 99};
  rfctls__deadline deadline = soon();
  EXPECT_EQ(rfctls__wait_many(&item, 1, deadline, &ready), RFCTLS_OK);
  EXPECT_GE(rfctls__now(), deadline);
  EXPECT_EQ(ready, 0u);
  EXPECT_EQ(item.found, 0u);
  EXPECT_EQ(rfctls__wait_many(nullptr, 0, soon(), &ready), RFCTLS_OK);
}

TEST(WaitMany, EndsBySignal) {
  Pair pair;
  size_t ready = 99;
  rfctls__poll item = {pair.fd[0], RFCTLS__POLL_READ, 99};
  Ticks ticks;
  int64_t begin = rfctls__now();
  EXPECT_EQ(rfctls__wait_many(&item, 1, late(), &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 0u);
  EXPECT_LT(rfctls__now() - begin, 9000 * kMillisecond);
}

TEST(WaitMany, TakesDescriptorsBeyondTheOldLimitOfSelect) {
  Pair pair;
  struct rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < 1600 && limit.rlim_max >= 1600) {
    limit.rlim_cur = 1600;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  int high = fcntl(pair.fd[0], F_DUPFD_CLOEXEC, 1500);
  if (high < 0) {
    GTEST_SKIP() << "this system allows too few descriptors";
  }
  ASSERT_EQ(write(pair.fd[1], "x", 1), 1);
  EXPECT_EQ(rfctls__wait(high, RFCTLS__POLL_READ, nullptr, late(), 0), RFCTLS_OK);
  close(high);
}

}  // namespace
