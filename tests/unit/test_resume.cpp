// Which sessions does a config keep, how many, and which one does a connection get? On a scripted
// engine, whose sessions are numbers.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "../engine/script_engine.h"
#include "script_os.hpp"
#include "support/handles.hpp"
#include "support/memory.hpp"
#include "tls/session.h"

using namespace rfctls_test;
using script_os::state;

namespace {

// ---- the cache ----

class Cache : public testing::Test {
 protected:
  Cache() {
    rfctls__session_cache_init(cache_.get());
  }
  ~Cache() override {
    rfctls__session_cache_fini(cache_.get());
  }

  static rfctls__session_key key(int number) {
    rfctls__session_key made = {};
    made.digest[0] = static_cast<uint8_t>(number);
    made.digest[1] = static_cast<uint8_t>(number >> 8);
    return made;
  }

  Session put(int number) {
    const uint8_t byte = 1;
    rfctls__session *held = nullptr;
    rfctls__session_key of = key(number);
    EXPECT_EQ(RFCTLS_OK, rfctls__engine_linked.session_from_bytes({&byte, 1}, &held));
    Session session(rfctls__session_new(held, &of));
    rfctls__session_cache_put(cache_.get(), session.get(), &of);
    return session;
  }

  Session take(int number) {
    rfctls__session_key of = key(number);
    return Session(rfctls__session_cache_take(cache_.get(), &of));
  }

 private:
  std::unique_ptr<rfctls__session_cache> cache_ = std::make_unique<rfctls__session_cache>();
};

TEST_F(Cache, gives_the_newest_of_a_key_first_and_each_once) {
  Session one = put(1), other = put(2), two = put(1);
  EXPECT_EQ(two.get(), take(1).get());
  EXPECT_EQ(one.get(), take(1).get());
  EXPECT_EQ(nullptr, take(1).get());
  EXPECT_EQ(other.get(), take(2).get());
  EXPECT_EQ(nullptr, take(3).get());
}

TEST_F(Cache, keeps_four_of_a_key_and_drops_the_oldest) {
  Session other = put(2), oldest = put(1);
  std::set<rfctls_session *> newer, taken;
  for (int i = 0; i < RFCTLS__SESSIONS_OF_KEY; i++) {
    newer.insert(put(1).get());
  }
  for (Session session = take(1); session; session = take(1)) {
    taken.insert(session.get());
  }
  EXPECT_EQ(newer, taken);
  EXPECT_EQ(other.get(), take(2).get());
}

TEST_F(Cache, keeps_no_more_than_its_size_and_drops_the_oldest_of_all) {
  for (int i = 0; i < RFCTLS__SESSIONS + 2; i++) {
    put(i);
  }
  EXPECT_EQ(nullptr, take(0).get());
  EXPECT_EQ(nullptr, take(1).get());
  for (int i = 2; i < RFCTLS__SESSIONS + 2; i++) {
    EXPECT_NE(nullptr, take(i).get()) << i;
  }
}

// ---- connections ----

const std::string hello = std::string("h\0\6server", 9);

class Resume : public testing::Test {
 protected:
  void SetUp() override {
    state = script_os::State();
    script = script_engine();
    config = client();
  }

  static Config client() {
    Config made;
    EXPECT_EQ(RFCTLS_OK, rfctls_config_new(RFCTLS_CLIENT, out(made)));
    return made;
  }

  // Over a transport that exists, for server.test; it is given the session `number`.
  Socket open(const Config &of, const char *service, uint8_t number = 0) {
    Raw raw;
    Socket socket;
    EXPECT_EQ(RFCTLS_OK, rfctls_raw_adopt(7, 1, out(raw)));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_wrap(raw.get(), of.get(), out(socket)));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_set_peer(socket.get(), "server.test", service));
    script.session = number;
    return socket;
  }

  static rfctls_status shake(const Socket &socket) {
    state.recvs.push_back({RFCTLS_OK, hello});
    return rfctls_socket_handshake(socket.get());
  }

  int resumes(const Config &of, const char *service) {
    Socket socket = open(of, service);
    EXPECT_EQ(RFCTLS_OK, shake(socket));
    return rfctls_socket_is_resumed(socket.get());
  }

  Config config;
};

TEST_F(Resume, is_by_service_also_over_a_transport_that_exists) {
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 5)));
  EXPECT_EQ(0, resumes(config, "smtp"));
  EXPECT_EQ(5, resumes(config, "imap"));
}

TEST_F(Resume, without_a_service_there_is_no_key) {
  EXPECT_EQ(RFCTLS_OK, shake(open(config, nullptr, 5)));
  EXPECT_EQ(0, resumes(config, nullptr));
}

TEST_F(Resume, passes_over_a_session_that_is_spent_and_takes_the_next) {
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 5)));
  Socket fresh = open(config, "imap", 6);
  script.spent = 5;
  EXPECT_EQ(RFCTLS_OK, shake(fresh));
  EXPECT_EQ(0, rfctls_socket_is_resumed(fresh.get()));
  EXPECT_EQ(6, resumes(config, "imap"));
}

TEST_F(Resume, sessions_of_one_config_are_nothing_to_another) {
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 5)));
  EXPECT_EQ(0, resumes(client(), "imap"));
}

TEST_F(Resume, running_out_of_memory_leaves_nothing_behind) {
  for_each_failing_allocation([&] {
    Socket socket;
    Raw raw;
    state = script_os::State();
    rfctls_status status = rfctls_raw_adopt(7, 1, out(raw));
    if (status == RFCTLS_OK) {
      status = rfctls_socket_wrap(raw.get(), config.get(), out(socket));
    }
    if (status == RFCTLS_OK) {
      status = rfctls_socket_set_peer(socket.get(), "server.test", "imap");
    }
    script.session = 5;
    return status == RFCTLS_OK ? shake(socket) : status;
  });
}

}  // namespace
