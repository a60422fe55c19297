// Looking names up beside all else: with a resolver that answers when the test lets it.
#include <gtest/gtest.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "support/handles.hpp"

namespace {

using rfctls_test::Address;
using rfctls_test::Addresses;
using rfctls_test::Config;
using rfctls_test::out;
using rfctls_test::Raw;
using rfctls_test::Socket;

constexpr int64_t kMillisecond = 1000000;

std::string message() {
  return rfctls_error_message();
}

// What getaddrinfo answers for names of .test: "here.test" is 127.0.0.1, "two.test" is 127.0.0.2 and then
// 127.0.0.1, "silent.test" keeps silent until it is told to speak, any other is not known.
struct Resolver {
  std::mutex lock;
  std::condition_variable told;
  bool speaks = false;
  int asking = 0;  // threads inside
  int asked = 0;
  bool signals_blocked = true;
};
Resolver resolver;

// From now on, also to a thread that has yet to ask.
void speak() {
  std::unique_lock<std::mutex> locked(resolver.lock);
  resolver.speaks = true;
  resolver.told.notify_all();
  resolver.told.wait(locked, [] { return resolver.asking == 0; });
}

}  // namespace

extern "C" {
int __real_getaddrinfo(const char *node, const char *service, const addrinfo *hints,
                       addrinfo **list);

int __wrap_getaddrinfo(const char *node, const char *service, const addrinfo *hints,
                       addrinfo **list) {
  std::string name = node != nullptr ? node : "";
  sigset_t blocked;
  if ((hints->ai_flags & AI_NUMERICHOST) != 0 || name.find(".test") == std::string::npos) {
    return __real_getaddrinfo(node, service, hints, list);
  }
  std::unique_lock<std::mutex> locked(resolver.lock);
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  resolver.signals_blocked = sigismember(&blocked, SIGINT) == 1;
  resolver.asked++;
  if (name == "silent.test") {
    resolver.asking++;
    resolver.told.wait(locked, [] { return resolver.speaks; });
    resolver.asking--;
    resolver.told.notify_all();
  }
  if (name == "two.test") {
    int code = __real_getaddrinfo("127.0.0.2", service, hints, list);
    return code != 0 ? code : __real_getaddrinfo("127.0.0.1", service, hints, &(*list)->ai_next);
  }
  if (name != "silent.test" && name != "here.test") {
    return EAI_NONAME;
  }
  return __real_getaddrinfo("127.0.0.1", service, hints, list);
}
}

namespace {

class Lookup : public testing::Test {
 protected:
  void SetUp() override {
    Addresses addresses;
    Address address;
    ASSERT_EQ(RFCTLS_OK,
              rfctls_addresses_resolve("127.0.0.1", "0", RFCTLS_FAMILY_ANY, 1, out(addresses)));
    ASSERT_EQ(RFCTLS_OK,
              rfctls_raw_listen(rfctls_addresses_at(addresses.get(), 0), 0, out(listener)));
    ASSERT_EQ(RFCTLS_OK, rfctls_raw_local_address(listener.get(), out(address)));
    port = std::to_string(rfctls_address_port(address.get()));
    ASSERT_EQ(RFCTLS_OK, rfctls_config_new(RFCTLS_CLIENT, out(config)));
    begin = rfctls__now();
    std::unique_lock<std::mutex> locked(resolver.lock);
    resolver.speaks = false;
    resolver.asked = 0;
  }
  void TearDown() override {
    speak();
  }

  rfctls_status connect(const char *node, int blocking, int64_t timeout_ms) {
    return rfctls_raw_connect(node, port.c_str(), RFCTLS_FAMILY_ANY, blocking, timeout_ms,
                              out(raw));
  }
  int64_t milliseconds() const {
    return (rfctls__now() - begin) / kMillisecond;
  }
  void expect_took(int64_t least) const {
    EXPECT_GE(milliseconds(), least);
    EXPECT_LT(milliseconds(), least + 1000);
  }

  Raw listener, raw;
  Config config;
  std::string port;
  int64_t begin = 0;
};

TEST_F(Lookup, of_numbers_asks_no_thread) {
  EXPECT_EQ(RFCTLS_OK, connect("127.0.0.1", 1, 1000));
  EXPECT_EQ(0, resolver.asked);
}

TEST_F(Lookup, of_a_name_connects) {
  EXPECT_EQ(RFCTLS_OK, connect("here.test", 1, 5000)) << message();
  EXPECT_EQ(1, resolver.asked);
  EXPECT_TRUE(resolver.signals_blocked) << "handlers run on the program's own threads";
}

TEST_F(Lookup, of_an_unknown_name_says_so) {
  EXPECT_EQ(RFCTLS_E_RESOLVE, connect("nobody.test", 1, 5000));
  EXPECT_EQ(0u, message().find("cannot resolve host \"nobody.test\": ")) << message();
  EXPECT_STREQ("rfctls_raw_connect", rfctls_error_origin());
  EXPECT_EQ(nullptr, raw);
}

// A listener on 127.0.0.2 whose queue is full: the system drops what asks to connect.
class BlackHole {
 public:
  explicit BlackHole(const std::string &port) {
    Addresses addresses;
    EXPECT_EQ(RFCTLS_OK, rfctls_addresses_resolve("127.0.0.2", port.c_str(), RFCTLS_FAMILY_ANY, 0,
                                                  out(addresses)));
    EXPECT_EQ(RFCTLS_OK,
              rfctls_raw_listen(rfctls_addresses_at(addresses.get(), 0), 1, out(listener_)))
        << message();
    for (int i = 0; i < 4; i++) {
      fillers_.emplace_back();
      EXPECT_EQ(RFCTLS_OK, rfctls_raw_connect("127.0.0.2", port.c_str(), RFCTLS_FAMILY_ANY, 0, -1,
                                              out(fillers_.back())));
    }
  }

 private:
  Raw listener_;
  std::vector<Raw> fillers_;
};

TEST_F(Lookup, whose_first_address_is_silent_goes_on_to_the_second) {
  BlackHole dead(port);
  Socket socket;
  Address address;
  begin = rfctls__now();
  ASSERT_EQ(RFCTLS_OK, connect("two.test", 1, 10000)) << message();
  EXPECT_GE(milliseconds(), 250);
  EXPECT_LT(milliseconds(), 1000);
  ASSERT_EQ(RFCTLS_OK, rfctls_raw_peer_address(raw.get(), out(address)));
  EXPECT_STREQ("127.0.0.1", rfctls_address_ip(address.get()));
  begin = rfctls__now();
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_connect("two.test", port.c_str(), config.get(), out(socket)))
      << message();
  EXPECT_GE(milliseconds(), 250);
  EXPECT_LT(milliseconds(), 1000);
}

TEST_F(Lookup, that_is_silent_ends_at_the_timer) {
  EXPECT_EQ(RFCTLS_E_TIMEOUT, connect("silent.test", 1, 200));
  expect_took(200);
  EXPECT_EQ("silent.test port " + port + ": the resolver did not answer in time", message());
}

TEST_F(Lookup, that_is_silent_ends_at_the_timer_of_a_tls_socket) {
  Socket socket;
  rfctls_config_set_timeout(config.get(), RFCTLS_TIMER_CONNECT, 200);
  EXPECT_EQ(RFCTLS_E_TIMEOUT,
            rfctls_socket_connect("silent.test", port.c_str(), config.get(), out(socket)));
  expect_took(200);
  EXPECT_NE(std::string::npos, message().find("the resolver did not answer in time")) << message();
}

TEST_F(Lookup, that_is_silent_does_not_stop_what_does_not_block) {
  Raw other;
  ASSERT_EQ(RFCTLS_OK, connect("silent.test", 0, -1));
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_raw_finish_connect(raw.get()));
  EXPECT_EQ(RFCTLS_OK,
            rfctls_raw_connect("here.test", port.c_str(), RFCTLS_FAMILY_ANY, 1, 5000, out(other)));
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_raw_finish_connect(raw.get()));
  EXPECT_EQ(-1, rfctls_raw_wait_timeout(raw.get()));
  pollfd item = {static_cast<int>(rfctls_raw_fd(raw.get())), POLLIN, 0};
  EXPECT_EQ(0, poll(&item, 1, 0));
  speak();
  EXPECT_EQ(1, poll(&item, 1, 5000)) << "any event loop can wait for it";
  rfctls_raw_set_blocking(raw.get(), 1);
  EXPECT_EQ(RFCTLS_OK, rfctls_raw_finish_connect(raw.get())) << message();
}

TEST_F(Lookup, of_a_tls_socket_can_be_waited_for) {
  Socket socket;
  rfctls_config_set_blocking(config.get(), 0);
  ASSERT_EQ(RFCTLS_OK,
            rfctls_socket_connect("silent.test", port.c_str(), config.get(), out(socket)));
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_handshake(socket.get()));
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_READ}, rfctls_socket_wait_events(socket.get(), RFCTLS_WANT_READ));
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_wait(socket.get(), RFCTLS_WANT_READ, 50));
  EXPECT_NE(std::string::npos, message().find("the resolver did not answer in time")) << message();
  speak();
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_wait(socket.get(), RFCTLS_WANT_READ, 5000));
  rfctls_status status;
  while ((status = rfctls_socket_finish_connect(socket.get())) > 0) {
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_wait(socket.get(), status, 5000));
  }
  EXPECT_EQ(RFCTLS_OK, status) << message();
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_finish_connect(socket.get())) << "again, too";
}

TEST_F(Lookup, in_a_pollset_keeps_what_wants_to_write_asleep) {
  rfctls_pollset *set = nullptr;
  size_t index = 0, ready = 0;
  ASSERT_EQ(RFCTLS_OK, connect("silent.test", 0, -1));
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_new(&set));
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_add_raw(set, raw.get(), RFCTLS_EVENT_WRITE, &index));
  EXPECT_EQ(RFCTLS_OK, rfctls_pollset_wait(set, 50, &ready));
  EXPECT_EQ(0u, ready);
  speak();
  EXPECT_EQ(RFCTLS_OK, rfctls_pollset_wait(set, 5000, &ready));
  EXPECT_EQ(1u, ready);
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_WRITE}, rfctls_pollset_events(set, index));
  rfctls_pollset_unref(set);
}

TEST_F(Lookup, ends_when_another_thread_closes) {
  Socket socket;
  ASSERT_EQ(RFCTLS_OK, connect("silent.test", 0, -1));
  rfctls_raw_set_blocking(raw.get(), 1);
  std::thread closer([&] { EXPECT_EQ(RFCTLS_OK, rfctls_raw_close(raw.get())); });
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_raw_finish_connect(raw.get()));
  closer.join();
  rfctls_config_set_blocking(config.get(), 0);
  ASSERT_EQ(RFCTLS_OK,
            rfctls_socket_connect("silent.test", port.c_str(), config.get(), out(socket)));
  rfctls_socket_set_blocking(socket.get(), 1);
  std::thread aborter([&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_abort(socket.get())); });
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_handshake(socket.get()));
  aborter.join();
  expect_took(0);
}

TEST_F(Lookup, of_a_closed_socket_ends_after_it) {
  for (int i = 0; i < 20; i++) {
    ASSERT_EQ(RFCTLS_OK, connect("silent.test", 0, -1));
    rfctls_raw_close(raw.get());
    raw.reset();
  }
  expect_took(0);
}

TEST_F(Lookup, under_way_is_nothing_to_a_child) {
  ASSERT_EQ(RFCTLS_OK, connect("silent.test", 0, -1));
  pid_t child = fork();
  if (child == 0) {
    bool right = rfctls_raw_finish_connect(raw.get()) == RFCTLS_E_FORKED;
    raw.reset();
    right = right && connect("127.0.0.1", 1, 5000) == RFCTLS_OK;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(child, waitpid(child, &status, 0));
  EXPECT_EQ(0, status);
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_raw_finish_connect(raw.get())) << "it is the parent's";
}

TEST_F(Lookup, by_many_threads_at_once) {
  std::atomic<int> connected{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; round++) {
        Raw own;
        if (rfctls_raw_connect(i % 2 == 0 ? "here.test" : "nobody.test", port.c_str(),
                               RFCTLS_FAMILY_ANY, 1, 20000, out(own)) == RFCTLS_OK) {
          connected++;
        }
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(80, connected);
}

}  // namespace
