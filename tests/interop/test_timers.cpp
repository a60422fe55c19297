// Does a peer that never speaks, or hardly, stop nobody but itself?
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;
using namespace std::chrono;

namespace {

constexpr int64_t kTimer = 300;

// Runs `call`, which must answer E_TIMEOUT: never early, at most 0.5 s late.
void expect_timeout(const std::function<rfctls_status()> &call) {
  auto begin = steady_clock::now();
  rfctls_status status = call();
  auto took = steady_clock::now() - begin;
  EXPECT_EQ(RFCTLS_E_TIMEOUT, status) << rfctls_status_name(status);
  EXPECT_GE(took, milliseconds(kTimer));
  EXPECT_LE(took, milliseconds(kTimer + 500));
  EXPECT_STRNE("", rfctls_error_message());
}

// A TCP listener whose queue is full: the system lets a connect to it hang.
class FullListener {
 public:
  FullListener() {
    sockaddr_in address = {};
    socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fds_.push_back(socket(AF_INET, SOCK_STREAM, 0));
    bind(fds_[0], reinterpret_cast<sockaddr *>(&address), sizeof address);
    listen(fds_[0], 0);
    getsockname(fds_[0], reinterpret_cast<sockaddr *>(&address), &size);
    port = std::to_string(ntohs(address.sin_port));
    for (int i = 0; i < 4; i++) {
      fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      (void)connect(fds_.back(), reinterpret_cast<sockaddr *>(&address), sizeof address);
    }
  }
  ~FullListener() {
    for (int fd : fds_) {
      close(fd);
    }
  }
  std::string port;

 private:
  std::vector<int> fds_;
};

TEST(Timers, connect_ends_at_its_timer) {
  FullListener silent;
  Config config = client_config();
  rfctls_config_set_timeout(config.get(), RFCTLS_TIMER_CONNECT, kTimer);
  expect_timeout([&] {
    Socket socket;
    return rfctls_socket_connect("127.0.0.1", silent.port.c_str(), config.get(), out(socket));
  });
}

TEST(Timers, handshake_ends_at_its_timer_in_both_roles) {
  Pair pair;  // nobody shakes
  rfctls_socket_set_timeout(pair.server.get(), RFCTLS_TIMER_HANDSHAKE, kTimer);
  expect_timeout([&] { return rfctls_socket_handshake(pair.server.get()); });
  Pair other;
  rfctls_socket_set_timeout(other.client.get(), RFCTLS_TIMER_HANDSHAKE, kTimer);
  expect_timeout([&] { return rfctls_socket_handshake(other.client.get()); });
}

TEST(Timers, read_ends_at_its_timer_and_later_data_still_comes) {
  Pair pair;
  char c;
  size_t got = 0;
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  rfctls_socket_set_timeout(pair.client.get(), RFCTLS_TIMER_READ, kTimer);
  expect_timeout([&] { return rfctls_socket_recv(pair.client.get(), 0, &c, 1, &got); });
  ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "late"));
  EXPECT_EQ("late", receive(pair.client));
}

std::atomic<int> alarms;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler takes no lock");

void count_alarm(int) {
  alarms++;
}

TEST(Timers, signals_neither_end_nor_stretch_a_call) {
  Pair pair;
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  struct sigaction act {
  }, before{};
  act.sa_handler = count_alarm;  // without SA_RESTART: system calls are interrupted
  ASSERT_EQ(0, sigaction(SIGALRM, &act, &before));
  const itimerval often{{0, 5000}, {0, 5000}}, never{};
  std::thread other([&] {
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, nullptr);  // so that the reader gets them
    while (alarms < 5) {
      std::this_thread::yield();
    }
    EXPECT_EQ(RFCTLS_OK, send_all(pair.server, "after all"));
  });
  ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, nullptr));
  EXPECT_EQ("after all", receive(pair.client));
  other.join();
  rfctls_socket_set_timeout(pair.client.get(), RFCTLS_TIMER_READ, kTimer);
  expect_timeout([&] {
    char c = 0;
    size_t count = 0;
    return rfctls_socket_recv(pair.client.get(), 0, &c, 1, &count);
  });
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
}

TEST(Timers, write_ends_at_its_timer_and_counts_what_left) {
  Pair pair;
  std::string much(64 * 1024 * 1024, 'w');
  size_t sent = 0;
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  rfctls_socket_set_timeout(pair.client.get(), RFCTLS_TIMER_WRITE, kTimer);
  expect_timeout(
      [&] { return rfctls_socket_send(pair.client.get(), 0, much.data(), much.size(), &sent); });
  EXPECT_LT(sent, much.size());
}

TEST(Timers, accept_ends_at_its_timer) {
  Socket listener = listen_on(server_config());
  rfctls_socket_set_timeout(listener.get(), RFCTLS_TIMER_ACCEPT, kTimer);
  expect_timeout([&] {
    Socket none;
    return rfctls_socket_accept(listener.get(), out(none));
  });
}

// ---- one thread, a pollset, 200 silent and 200 dripping clients ----

class Loop {
 public:
  Loop() : listener(listen_on(config())) {
    rfctls_socket_set_blocking(listener.get(), 0);
  }

  // Serves until `done`; every connection is an echo.
  template <typename Done>
  void serve(Done done) {
    while (!done()) {
      Pollset set;
      std::vector<std::pair<size_t, rfctls_socket *>> members;
      size_t index = 0, ready = 0;
      require(rfctls_pollset_new(out(set)), "pollset");
      require(rfctls_pollset_add_socket(set.get(), listener.get(), RFCTLS_EVENT_READ, &index),
              "add");
      for (auto &each : connections) {
        require(rfctls_pollset_add_socket(set.get(), each.first, each.second.events, &index),
                "add");
        members.emplace_back(index, each.first);
      }
      require(rfctls_pollset_wait(set.get(), 50, &ready), "wait");
      if (rfctls_pollset_events(set.get(), 0) != 0) {
        accept();
      }
      for (auto &each : members) {
        if (rfctls_pollset_events(set.get(), each.first) != 0) {
          go_on(each.second);
        }
      }
    }
  }

  struct Connection {
    Socket socket;
    bool established = false;
    uint32_t events = RFCTLS_EVENT_READ;
  };

  std::map<rfctls_socket *, Connection> connections;
  int timeouts = 0;
  int accepted = 0;
  Socket listener;

 private:
  static Config config() {
    Config config = server_config();
    rfctls_config_set_blocking(config.get(), 0);
    rfctls_config_set_timeout(config.get(), RFCTLS_TIMER_HANDSHAKE, 3000);
    return config;
  }

  void accept() {
    for (;;) {
      Connection each;
      if (rfctls_socket_accept(listener.get(), out(each.socket)) != RFCTLS_OK) {
        return;
      }
      accepted++;
      rfctls_socket *socket = each.socket.get();
      connections[socket] = std::move(each);
      go_on(socket);
    }
  }

  void go_on(rfctls_socket *socket) {
    Connection &each = connections[socket];
    rfctls_status status = RFCTLS_OK;
    if (!each.established) {
      status = rfctls_socket_handshake(socket);
      each.established = status == RFCTLS_OK;
    }
    while (status == RFCTLS_OK) {
      char buffer[4096];
      size_t got = 0, sent = 0;
      status = rfctls_socket_recv(socket, 0, buffer, sizeof buffer, &got);
      if (status == RFCTLS_OK && got == 0) {
        status = RFCTLS_E_CLOSED;
      }
      if (status == RFCTLS_OK) {
        status = rfctls_socket_send(socket, 0, buffer, got, &sent);
      }
    }
    each.events = status == RFCTLS_WANT_WRITE ? RFCTLS_EVENT_WRITE : RFCTLS_EVENT_READ;
    if (status < 0) {
      timeouts += status == RFCTLS_E_TIMEOUT;
      connections.erase(socket);
    }
  }
};

int plain_connect(const std::string &port) {
  sockaddr_in address = {};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(port)));
  EXPECT_EQ(0, connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address));
  return fd;
}

TEST(Timers, two_hundred_silent_and_two_hundred_dripping_clients_stop_nobody) {
  constexpr int kEach = 200;
  // The begin of a TLS 1.3 hello that goes on for 16 KiB: enough for every drop.
  const std::string drops =
      std::string("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", 11) + std::string(4096, '\0');
  Loop loop;
  std::string port = port_of(loop.listener);
  std::vector<int> fds;
  for (int i = 0; i < 2 * kEach; i++) {
    fds.push_back(plain_connect(port));
  }
  std::atomic<bool> stop{false};
  std::thread dripping([&] {
    for (size_t drop = 0; !stop && drop < drops.size(); drop++) {
      for (int i = kEach; i < 2 * kEach; i++) {
        (void)send(fds[static_cast<size_t>(i)], &drops[drop], 1, MSG_NOSIGNAL | MSG_DONTWAIT);
      }
      std::this_thread::sleep_for(milliseconds(20));  // the drip is the attack, not a way to wait
    }
  });
  loop.serve([&] { return loop.accepted == 2 * kEach; });

  milliseconds took{0};
  std::thread next([&] {
    auto begin = steady_clock::now();
    Config config = client_config();
    Socket client = connect_to(loop.listener, config);
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get()));
    EXPECT_EQ(RFCTLS_OK, send_all(client, "me too"));
    EXPECT_EQ("me too", receive(client));
    took = duration_cast<milliseconds>(steady_clock::now() - begin);
    rfctls_socket_close(client.get());
  });
  loop.serve([&] { return loop.accepted == 2 * kEach + 1 && loop.connections.empty(); });
  next.join();
  stop = true;
  dripping.join();
  for (int fd : fds) {
    close(fd);
  }
  EXPECT_LT(took, seconds(1));
  EXPECT_EQ(2 * kEach, loop.timeouts);
}

}  // namespace
