// Which sessions does the process keep, how many, and which one does a connection get? On a scripted
// engine, whose sessions are numbers.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "../engine/script_engine.h"
#include "script_os.hpp"
#include "support/handles.hpp"
#include "support/memory.hpp"
#include "tls/session_cache.h"

using namespace rfctls_test;
using script_os::state;

namespace {

// ---- those that are kept ----

class Kept : public testing::Test {
 protected:
  Kept() {
    state = script_os::State();
    rfctls__sessions_forget();
  }

  static rfctls__session_key key(int number) {
    rfctls__session_key made = {};
    made.whole[0] = static_cast<uint8_t>(number);
    made.whole[1] = static_cast<uint8_t>(number >> 8);
    return made;
  }

  static Session put(int number, const char *service = "imap") {
    const uint8_t byte = 1;
    rfctls__session *held = nullptr;
    rfctls__session_key of = key(number);
    EXPECT_EQ(RFCTLS_OK, rfctls__engine_linked.session_from_bytes({&byte, 1}, &held));
    Session session(rfctls__session_new(held, &of, "server.test", service));
    rfctls__session_keep(session.get(), &of, service);
    return session;
  }

  static Session take(int number, const char *service = "imap") {
    rfctls__session_key of = key(number);
    return Session(rfctls__session_take_kept(&of, service));
  }
};

TEST_F(Kept, gives_the_newest_of_a_key_first_and_each_once) {
  Session one = put(1), other = put(2), two = put(1);
  EXPECT_EQ(two.get(), take(1).get());
  EXPECT_EQ(one.get(), take(1).get());
  EXPECT_EQ(nullptr, take(1).get());
  EXPECT_EQ(other.get(), take(2).get());
  EXPECT_EQ(nullptr, take(3).get());
}

TEST_F(Kept, keeps_four_of_a_key_and_drops_the_oldest) {
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

TEST_F(Kept, keeps_no_more_than_its_size_and_drops_the_oldest_of_all) {
  for (int i = 0; i < RFCTLS__SESSIONS + 2; i++) {
    put(i);
  }
  EXPECT_EQ(nullptr, take(0).get());
  EXPECT_EQ(nullptr, take(1).get());
  for (int i = 2; i < RFCTLS__SESSIONS + 2; i++) {
    EXPECT_NE(nullptr, take(i).get()) << i;
  }
}

TEST_F(Kept, are_of_a_service) {
  Session one = put(1, "imap");
  EXPECT_EQ(nullptr, take(1, "smtp").get());
  EXPECT_EQ(one.get(), take(1, "imap").get());
}

TEST_F(Kept, go_after_an_hour) {
  put(1);
  state.now += RFCTLS__SESSION_IDLE;
  Session later = put(1);
  rfctls__sessions_expire();
  state.now += 1;
  rfctls__sessions_expire();
  EXPECT_EQ(later.get(), take(1).get());
  EXPECT_EQ(nullptr, take(1).get());
  put(2);
  state.now += RFCTLS__SESSION_IDLE + 1;
  EXPECT_EQ(nullptr, take(2).get()) << "also when nothing was frozen meanwhile";
}

// ---- connections ----

const std::string hello = std::string("h\0\6server", 9);

class Resume : public testing::Test {
 protected:
  void SetUp() override {
    state = script_os::State();
    script = script_engine();
    rfctls__sessions_forget();
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

// Some servers break on every resumption.
TEST_F(Resume, that_broke_a_handshake_is_not_tried_again_for_an_hour) {
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 5)));
  Socket broken = open(config, "imap");
  state.recvs.push_back({RFCTLS_OK, std::string("a\0\1\x50", 4)});  // internal_error
  EXPECT_EQ(RFCTLS_E_ALERT, rfctls_socket_handshake(broken.get()));
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 6)));
  EXPECT_EQ(0, resumes(config, "imap"));
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "smtp", 7)));
  EXPECT_EQ(7, resumes(config, "smtp")) << "another service is not concerned";
  state.now += RFCTLS__SESSION_IDLE + 1;
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 8)));
  EXPECT_EQ(8, resumes(config, "imap"));
}

TEST_F(Resume, sessions_of_one_config_are_an_equal_ones_too) {
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 5)));
  config.reset();
  EXPECT_EQ(5, resumes(client(), "imap"));
}

TEST_F(Resume, sessions_of_one_config_are_nothing_to_another) {
  Config other = client();
  EXPECT_EQ(RFCTLS_OK, rfctls_config_set_versions(other.get(), RFCTLS_TLS_1_3, RFCTLS_TLS_1_3));
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 5)));
  EXPECT_EQ(0, resumes(other, "imap"));
}

// What is the socket's own: it changes neither what is checked nor what the engine makes.
TEST_F(Resume, timers_and_the_like_make_no_other_config) {
  Config other = client();
  EXPECT_EQ(RFCTLS_OK, rfctls_config_set_timeout(other.get(), RFCTLS_TIMER_CONNECT, 1));
  EXPECT_EQ(RFCTLS_OK, rfctls_config_set_blocking(other.get(), 0));
  EXPECT_EQ(RFCTLS_OK, shake(open(config, "imap", 5)));
  EXPECT_EQ(5, resumes(other, "imap"));
}

// ---- a session that the program gives ----

class Given : public Resume {
 protected:
  Session session_of(const Config &of) {
    Socket socket = open(of, "ftp", 5);
    Session session;
    EXPECT_EQ(RFCTLS_OK, shake(socket));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_session(socket.get(), out(session)));
    rfctls__sessions_forget();
    return session;
  }

  static std::string refused(const Socket &socket) {
    const char *clause = rfctls_socket_session_refused(socket.get());
    return clause != nullptr ? clause : "";
  }

  // Also when it was saved in between.
  template <typename Check>
  void with_each(Session session, Check check) {
    size_t size = 0;
    const void *bytes = rfctls_session_bytes(session.get(), &size);
    Session restored;
    ASSERT_EQ(RFCTLS_OK, rfctls_session_from_bytes(bytes, size, out(restored)));
    check(session);
    check(restored);
  }
};

TEST_F(Given, is_resumed_on_another_port_of_the_same_name) {
  with_each(session_of(config), [&](const Session &session) {
    Socket data = open(config, "2121");
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_set_session(data.get(), session.get()));
    EXPECT_EQ(RFCTLS_OK, shake(data));
    EXPECT_EQ(5, rfctls_socket_is_resumed(data.get()));
    EXPECT_EQ("", refused(data));
  });
}

TEST_F(Given, is_refused_with_the_reason) {
  Config others = client();
  EXPECT_EQ(RFCTLS_OK, rfctls_config_set_versions(others.get(), RFCTLS_TLS_1_3, RFCTLS_TLS_1_3));
  with_each(session_of(config), [&](const Session &session) {
    auto give = [&](const Config &of, auto setup) {
      Socket socket = open(of, "ftp");
      EXPECT_EQ(RFCTLS_OK, rfctls_socket_set_session(socket.get(), session.get()));
      setup(socket);
      EXPECT_EQ("", refused(socket)) << "before the handshake";
      EXPECT_EQ(RFCTLS_OK, shake(socket));
      EXPECT_EQ(0, rfctls_socket_is_resumed(socket.get()));
      return refused(socket);
    };
    EXPECT_EQ("it is for another server name", give(config, [](const Socket &socket) {
                rfctls_socket_set_server_name(socket.get(), "other.test");
              }));
    EXPECT_EQ("it was made under other options: trust, identity, versions or ciphers",
              give(others, [](const Socket &) {}));
    EXPECT_EQ(
        "its connection asked for other protocols or extensions, or asked other questions",
        give(config, [](const Socket &socket) { rfctls_socket_add_protocol(socket.get(), "h2"); }));
    EXPECT_EQ("it has expired, or was used, or its certificate was not verified",
              give(config, [](const Socket &) { script.spent = 5; }));
    script.spent = 0;
    EXPECT_EQ("the server did not take it",
              give(config, [](const Socket &) { script.forgets = 1; }));
    script.forgets = 0;
  });
}

TEST_F(Given, nothing_was_and_so_nothing_is_refused) {
  EXPECT_EQ(nullptr, rfctls_socket_session_refused(nullptr));
  Socket socket = open(config, "ftp");
  EXPECT_EQ(RFCTLS_OK, shake(socket));
  EXPECT_EQ("", refused(socket));
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
