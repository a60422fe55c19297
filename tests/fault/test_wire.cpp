// What becomes of a session whose bytes are split, joined, cut or changed on the way, at every place of it?
// All of it happens in memory; test_proxy.cpp does the same to TCP, at fewer places.
#include <gtest/gtest.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <random>

#include "support/pair.hpp"

namespace {

using namespace rfctls_test;

enum Way { TO_SERVER, TO_CLIENT };

// ---- one end: agrees, says all that it has, says goodbye, and listens until the other does ----

struct End {
  Raw raw;
  Socket socket;
  std::string say, heard;
  rfctls_status status = RFCTLS_WANT_READ;  // OK: all is done, and the other end said goodbye
  std::string message;
  size_t said = 0;
  bool shaken = false, shut = false;

  End(const Config &config, const std::string &words) : say(words) {
    require(rfctls_raw_memory(out(raw)), "memory");
    require(rfctls_socket_wrap(raw.get(), config.get(), out(socket)), "wrap");
  }

  // As far as the bytes allow.
  void go_on() {
    while (status > 0 && step()) {
    }
  }

 private:
  bool step() {
    rfctls_socket *s = socket.get();
    size_t count = 0;
    if (!shaken) {
      shaken = keep(rfctls_socket_handshake(s));
      return shaken;
    }
    if (said < say.size()) {
      bool sent = keep(rfctls_socket_send(s, 0, say.data() + said, say.size() - said, &count));
      said += count;
      return sent;
    }
    if (!shut) {
      shut = keep(rfctls_socket_shutdown(s, RFCTLS_SHUT_WRITE));
      return shut;
    }
    char buffer[512];
    rfctls_status received = rfctls_socket_recv(s, 0, buffer, sizeof buffer, &count);
    heard.append(buffer, count);
    if (received == RFCTLS_OK && count == 0) {
      status = RFCTLS_OK;
      return false;
    }
    return keep(received);
  }

  bool keep(rfctls_status answered) {
    if (answered < 0) {
      status = answered;
      message = rfctls_error_message();
    }
    return answered == RFCTLS_OK;
  }
};

// ---- what happens on the way ----

constexpr size_t NEVER = SIZE_MAX;

struct Mischief {
  Way way = TO_SERVER;
  size_t flip_at = NEVER;
  unsigned bit = 0;
  size_t cut_at = NEVER;
  size_t piece = NEVER;  // bytes that arrive together
  bool joined = false;   // all that there is arrives at once, and only when both ends wait
};

class Session {
 public:
  Session(rfctls_tls_version version, const Mischief &mischief)
      : mischief_(mischief),
        client(config(RFCTLS_CLIENT, version), words('c')),
        server(config(RFCTLS_SERVER, version), words('s')) {}

  // Until nothing moves any more; then TCP ends in both directions.
  void run() {
    for (int round = 0; round < 200 && advance(); round++) {
    }
    end(client);
    end(server);
    client.go_on();
    server.go_on();
  }

  static std::string words(char who) {
    std::string text(220, who);
    for (size_t i = 0; i < text.size(); i += 7) {
      text[i] = static_cast<char>('0' + i / 7 % 10);
    }
    return text;
  }

  std::string wire[2];  // as it was sent, by way
  bool cut[2] = {false, false};

 private:
  static Config config(rfctls_role role, rfctls_tls_version version) {
    static std::map<std::pair<rfctls_role, rfctls_tls_version>, Config> all;
    Config &made = all[{role, version}];
    if (!made) {
      made =
          role == RFCTLS_CLIENT ? client_config(version) : server_config("server-direct", version);
      require(rfctls_config_set_session_cache(made.get(), 0), "no resumption");
    }
    return Config(rfctls_config_ref(made.get()));
  }

  bool advance() {
    client.go_on();
    std::string to_server = drain(client);
    if (mischief_.joined) {
      server.go_on();
    }
    carry(TO_SERVER, to_server, server);
    server.go_on();
    std::string to_client = drain(server);
    carry(TO_CLIENT, to_client, client);
    return !to_server.empty() || !to_client.empty();
  }

  static std::string drain(End &end) {
    std::string all, buffer(4096, '\0');
    size_t count = 0;
    while (rfctls_raw_drain(end.raw.get(), buffer.data(), buffer.size(), &count) == RFCTLS_OK &&
           count > 0) {
      all.append(buffer, 0, count);
    }
    return all;
  }

  void carry(Way way, std::string bytes, End &to) {
    size_t begin = wire[way].size();
    wire[way] += bytes;
    if (cut[way]) {
      return;
    }
    if (way == mischief_.way) {
      if (mischief_.flip_at >= begin && mischief_.flip_at < begin + bytes.size()) {
        bytes[mischief_.flip_at - begin] =
            static_cast<char>(bytes[mischief_.flip_at - begin] ^ (1 << mischief_.bit));
      }
      if (mischief_.cut_at < begin + bytes.size()) {
        bytes.resize(mischief_.cut_at - begin);
        cut[way] = true;
      }
    }
    for (size_t at = 0; at < bytes.size(); at += std::min(mischief_.piece, bytes.size() - at)) {
      std::string part = bytes.substr(at, mischief_.piece);
      (void)rfctls_raw_feed(to.raw.get(), part.data(), part.size());
      if (mischief_.piece != NEVER) {
        to.go_on();
      }
    }
    if (cut[way]) {
      end(to);
    }
  }

  static void end(End &end) {
    (void)rfctls_raw_feed_end(end.raw.get());
  }

  Mischief mischief_;

 public:
  End client, server;
};

// ---- tests ----

bool is_prefix(const std::string &part, const std::string &whole) {
  return whole.compare(0, part.size(), part) == 0;
}

// What holds whatever happens.
void expect_sane(const Session &session) {
  EXPECT_TRUE(is_prefix(session.client.heard, Session::words('s')));
  EXPECT_TRUE(is_prefix(session.server.heard, Session::words('c')));
  for (const End *end : {&session.client, &session.server}) {
    EXPECT_LE(end->status, RFCTLS_OK) << "it waits on although TCP has ended";
    EXPECT_TRUE(end->status == RFCTLS_OK || !end->message.empty());
    EXPECT_NE(end->status, RFCTLS_E_INTERNAL) << end->message;
    EXPECT_NE(end->status, RFCTLS_E_STATE) << end->message;
  }
}

bool is_whole(const Session &session) {
  return session.client.status == RFCTLS_OK && session.server.status == RFCTLS_OK &&
         session.client.heard == Session::words('s') && session.server.heard == Session::words('c');
}

struct Record {
  unsigned char type;
  size_t begin, end;
};

std::vector<Record> records(const std::string &wire) {
  std::vector<Record> all;
  for (size_t at = 0; at + 5 <= wire.size();) {
    size_t size =
        static_cast<unsigned char>(wire[at + 3]) * 256u + static_cast<unsigned char>(wire[at + 4]);
    all.push_back({static_cast<unsigned char>(wire[at]), at, at + 5 + size});
    at += 5 + size;
  }
  return all;
}

// legacy_record_version "MUST be ignored for all purposes" (RFC 8446 section 5.1), and the first hello's
// was never fixed (RFC 5246 appendix E.1): nothing but a record's protection can tell that it changed.
bool is_record_version(const std::string &wire, size_t offset) {
  for (const Record &record : records(wire)) {
    if (offset == record.begin + 1 || offset == record.begin + 2) {
      return true;
    }
  }
  return false;
}

class EachByte : public testing::TestWithParam<rfctls_tls_version> {
 protected:
  // How much there usually is: some signatures are a byte shorter than others.
  size_t length(Way way) const {
    size_t most = 0;
    for (int i = 0; i < 4; i++) {
      Session session(GetParam(), {});
      session.run();
      EXPECT_TRUE(is_whole(session)) << session.client.message << session.server.message;
      most = std::max(most, session.wire[way].size());
    }
    return most;
  }

  template <typename Trial>
  void at_each(Trial trial) {
    size_t tried = 0;
    for (Way way : {TO_SERVER, TO_CLIENT}) {
      for (size_t at = 0, end = length(way); at < end; at++, tried++) {
        SCOPED_TRACE(std::string(way == TO_SERVER ? "to the server" : "to the client") +
                     " at byte " + std::to_string(at));
        trial(way, at);
      }
    }
    std::cout << (GetParam() == RFCTLS_TLS_1_2 ? "TLS 1.2: " : "TLS 1.3: ") << tried << " places:";
    for (const auto &end : ends) {
      std::cout << "  " << end.first << ' ' << end.second;
    }
    std::cout << std::endl;
  }

  void count(const Session &session) {
    for (const End *end : {&session.client, &session.server}) {
      ends[rfctls_status_name(end->status)]++;
    }
  }

  std::map<std::string, int> ends;
};
INSTANTIATE_TEST_SUITE_P(Wire, EachByte, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3));

TEST_P(EachByte, WithABitFlippedIsAnError) {
  std::mt19937 random(std::random_device{}());
  int unseen = 0;
  at_each([&](Way way, size_t at) {
    Mischief mischief;
    mischief.way = way;
    mischief.flip_at = at;
    mischief.bit = random() % 8;
    Session session(GetParam(), mischief);
    session.run();
    count(session);
    expect_sane(session);
    if (is_whole(session) && session.wire[way].size() > at) {
      unseen++;
      EXPECT_TRUE(is_record_version(session.wire[way], at)) << "bit " << mischief.bit;
    }
  });
  std::cout << unseen << " flips in what has to be ignored" << std::endl;
}

TEST_P(EachByte, WhereTcpIsCutIsATruncationUnlessAllWasSaid) {
  at_each([&](Way way, size_t at) {
    Mischief mischief;
    mischief.way = way;
    mischief.cut_at = at;
    Session session(GetParam(), mischief);
    session.run();
    count(session);
    expect_sane(session);
    const End &hit = way == TO_SERVER ? session.server : session.client;
    if (session.cut[way] && !session.wire[way].empty() && at < session.wire[way].size()) {
      EXPECT_EQ(hit.status, RFCTLS_E_TRUNCATED) << hit.message;
    }
  });
}

TEST_P(EachByte, AloneOrAllTogetherMakesNoDifference) {
  for (size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{1000}}) {
    Mischief mischief;
    mischief.piece = piece;
    Session session(GetParam(), mischief);
    session.run();
    EXPECT_TRUE(is_whole(session)) << session.client.message << session.server.message;
  }
  Mischief mischief;
  mischief.joined = true;
  Session session(GetParam(), mischief);
  session.run();
  EXPECT_TRUE(is_whole(session)) << session.client.message << session.server.message;
}

}  // namespace
