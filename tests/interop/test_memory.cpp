// TLS over memory: does a session work when the program itself carries the bytes, whatever the way and
// the size of the pieces, and does nothing over it ever wait?
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/pair.hpp"

namespace {

using namespace rfctls_test;

Raw memory() {
  Raw raw;
  require(rfctls_raw_memory(out(raw)), "memory");
  return raw;
}

Socket wrap(const Raw &raw, const Config &config) {
  Socket socket;
  require(rfctls_socket_wrap(raw.get(), config.get(), out(socket)), "wrap");
  return socket;
}

// What is there to be drained; *status is how the last drain ended.
std::string drain(const Raw &raw, rfctls_status *status, size_t piece = 4096) {
  std::string all, buffer(piece, '\0');
  size_t received = 0;
  while ((*status = rfctls_raw_drain(raw.get(), buffer.data(), piece, &received)) == RFCTLS_OK &&
         received > 0) {
    all.append(buffer, 0, received);
  }
  return all;
}

std::string drain(const Raw &raw) {
  rfctls_status status;
  return drain(raw, &status);
}

// A client and a server whose bytes are carried by hand.
struct MemoryPair {
  explicit MemoryPair(rfctls_tls_version version = RFCTLS_TLS_ANY)
      : client_raw(memory()),
        server_raw(memory()),
        client(wrap(client_raw, client_config(version))),
        server(wrap(server_raw, server_config("server", version))) {}

  // Both ways, in pieces of at most so many bytes.
  static void carry(const Raw &from, const Raw &to, size_t piece) {
    std::string bytes = drain(from);
    for (size_t at = 0; at < bytes.size(); at += piece) {
      std::string part = bytes.substr(at, piece);
      require(rfctls_raw_feed(to.get(), part.data(), part.size()), "feed");
    }
  }

  void carry(size_t piece = 1 << 20) {
    carry(client_raw, server_raw, piece);
    carry(server_raw, client_raw, piece);
  }

  void shake(size_t piece = 1 << 20) {
    rfctls_status of_client = RFCTLS_WANT_READ, of_server = RFCTLS_WANT_READ;
    for (int round = 0; round < 10 && (of_client > 0 || of_server > 0); round++) {
      of_client = of_client > 0 ? rfctls_socket_handshake(client.get()) : of_client;
      carry(piece);
      of_server = of_server > 0 ? rfctls_socket_handshake(server.get()) : of_server;
      carry(piece);
    }
    require(of_client, "client's handshake");
    require(of_server, "server's handshake");
  }

  Raw client_raw, server_raw;
  Socket client, server;
};

class EveryVersion : public testing::TestWithParam<rfctls_tls_version> {};
INSTANTIATE_TEST_SUITE_P(Memory, EveryVersion, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3));

TEST_P(EveryVersion, AgreesAndTalksBothWays) {
  MemoryPair pair(GetParam());
  pair.shake();
  EXPECT_EQ(rfctls_socket_tls_version(pair.client.get()), GetParam());
  ASSERT_EQ(send_all(pair.client, "there"), RFCTLS_OK);
  ASSERT_EQ(send_all(pair.server, "back"), RFCTLS_OK);
  pair.carry();
  EXPECT_EQ(receive(pair.server), "there");
  EXPECT_EQ(receive(pair.client), "back");
}

TEST_P(EveryVersion, AgreesAByteAtATime) {
  MemoryPair pair(GetParam());
  rfctls_status of_client = RFCTLS_WANT_READ, of_server = RFCTLS_WANT_READ;
  for (int round = 0; of_client > 0 || of_server > 0; round++) {
    ASSERT_LT(round, 20);
    of_client = of_client > 0 ? rfctls_socket_handshake(pair.client.get()) : of_client;
    for (char byte : drain(pair.client_raw)) {
      ASSERT_EQ(rfctls_raw_feed(pair.server_raw.get(), &byte, 1), RFCTLS_OK);
      of_server = of_server > 0 ? rfctls_socket_handshake(pair.server.get()) : of_server;
      ASSERT_GE(of_server, RFCTLS_OK) << rfctls_error_message();
    }
    pair.carry(1);
  }
  ASSERT_EQ(of_client, RFCTLS_OK) << rfctls_error_message();
  ASSERT_EQ(of_server, RFCTLS_OK) << rfctls_error_message();
}

TEST_P(EveryVersion, EndsPolitelyAndCanBeDrainedAfterClose) {
  MemoryPair pair(GetParam());
  rfctls_status status = RFCTLS_OK;
  pair.shake();
  ASSERT_EQ(send_all(pair.client, "last words"), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_close(pair.client.get()), RFCTLS_OK) << rfctls_error_message();
  pair.client.reset();
  std::string bytes = drain(pair.client_raw, &status);
  EXPECT_EQ(status, RFCTLS_OK) << "the end";
  ASSERT_EQ(rfctls_raw_feed(pair.server_raw.get(), bytes.data(), bytes.size()), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_feed_end(pair.server_raw.get()), RFCTLS_OK);
  EXPECT_EQ(receive_all(pair.server, &status), "last words");
  EXPECT_EQ(status, RFCTLS_OK);
}

TEST(Memory, IsOpenAgainForNobodyAfterClose) {
  MemoryPair pair;
  pair.shake();
  Socket second;
  ASSERT_EQ(rfctls_socket_close(pair.client.get()), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_feed(pair.client_raw.get(), "x", 1), RFCTLS_E_CLOSED);
  EXPECT_EQ(rfctls_socket_wrap(pair.client_raw.get(), client_config().get(), out(second)),
            RFCTLS_E_ARGUMENT);
}

TEST(Memory, WantsInsteadOfWaitingThoughItsConfigBlocks) {
  MemoryPair pair;
  EXPECT_FALSE(rfctls_socket_is_blocking(pair.client.get()));
  EXPECT_EQ(rfctls_socket_handshake(pair.client.get()), RFCTLS_WANT_READ);
  EXPECT_EQ(rfctls_socket_set_blocking(pair.client.get(), 1), RFCTLS_E_UNSUPPORTED);
  EXPECT_STREQ(rfctls_error_message(), "a socket over memory cannot wait");
  EXPECT_EQ(rfctls_socket_set_blocking(pair.client.get(), 0), RFCTLS_OK);
  pair.shake();
  char byte;
  size_t received = 0;
  EXPECT_EQ(rfctls_socket_recv(pair.client.get(), 0, &byte, 1, &received), RFCTLS_WANT_READ);
}

TEST(Memory, CannotBeWaitedForUnlessThereIsSomethingToDo) {
  MemoryPair pair;
  pair.shake();
  EXPECT_EQ(rfctls_socket_wait(pair.client.get(), RFCTLS_WANT_WRITE, -1), RFCTLS_OK);
  pair.carry();
  size_t received;
  char byte;
  while (rfctls_socket_recv(pair.client.get(), 0, &byte, 1, &received) != RFCTLS_WANT_READ) {
  }
  EXPECT_EQ(rfctls_socket_wait(pair.client.get(), RFCTLS_WANT_READ, -1), RFCTLS_E_UNSUPPORTED);
  ASSERT_EQ(send_all(pair.server, "x"), RFCTLS_OK);
  pair.carry();
  EXPECT_EQ(rfctls_socket_wait(pair.client.get(), RFCTLS_WANT_READ, -1), RFCTLS_OK);
}

TEST(Memory, EndedWithoutGoodbyeIsTruncatedAfterAllThatCame) {
  MemoryPair pair;
  rfctls_status status = RFCTLS_OK;
  pair.shake();
  ASSERT_EQ(send_all(pair.server, "half"), RFCTLS_OK);
  pair.carry();
  ASSERT_EQ(rfctls_raw_feed_end(pair.client_raw.get()), RFCTLS_OK);
  EXPECT_EQ(receive_all(pair.client, &status), "half");
  EXPECT_EQ(status, RFCTLS_E_TRUNCATED);
  EXPECT_EQ(rfctls_raw_feed(pair.client_raw.get(), "x", 1), RFCTLS_E_STATE);
}

TEST(Memory, HoldsSoMuchAndThenWantsToBeDrained) {
  MemoryPair pair;
  pair.shake();
  std::string much(4 << 20, 'x'), got;
  size_t at = 0;
  while (at < much.size() || got.size() < much.size()) {
    size_t sent = 0, received = 0;
    char buffer[65536];
    if (at < much.size()) {
      rfctls_status status =
          rfctls_socket_send(pair.client.get(), 0, much.data() + at, much.size() - at, &sent);
      ASSERT_GE(status, RFCTLS_OK) << rfctls_error_message();
      at += sent;
    }
    std::string held = drain(pair.client_raw);
    ASSERT_LE(held.size(), 256u * 1024);
    ASSERT_EQ(rfctls_raw_feed(pair.server_raw.get(), held.data(), held.size()), RFCTLS_OK);
    while (rfctls_socket_recv(pair.server.get(), 0, buffer, sizeof buffer, &received) ==
           RFCTLS_OK) {
      got.append(buffer, received);
    }
  }
  EXPECT_TRUE(got == much);
}

TEST(Memory, AnswersWantWriteWhileNobodyDrains) {
  MemoryPair pair;
  pair.shake();
  std::string much(1 << 20, 'x');
  size_t sent = 0;
  ASSERT_EQ(rfctls_socket_send(pair.client.get(), 0, much.data(), much.size(), &sent), RFCTLS_OK);
  EXPECT_LT(sent, much.size());
  size_t at = sent;
  EXPECT_EQ(rfctls_socket_send(pair.client.get(), 0, much.data() + at, much.size() - at, &sent),
            RFCTLS_WANT_WRITE);
  EXPECT_EQ(rfctls_socket_wait(pair.client.get(), RFCTLS_WANT_WRITE, -1), RFCTLS_E_UNSUPPORTED);
  drain(pair.client_raw);
  EXPECT_EQ(rfctls_socket_wait(pair.client.get(), RFCTLS_WANT_WRITE, -1), RFCTLS_OK);
}

TEST(Memory, CarriesTlsInsideTls) {
  Pair outer;
  ASSERT_EQ(outer.shake(), RFCTLS_OK);
  MemoryPair inner;
  auto carry = [](const Raw &from, const Socket &through, const Socket &arrives, const Raw &to) {
    std::string bytes = drain(from);
    if (!bytes.empty()) {
      ASSERT_EQ(send_all(through, bytes), RFCTLS_OK);
      for (size_t count = 0; count < bytes.size();) {
        std::string part = receive(arrives);
        ASSERT_EQ(rfctls_raw_feed(to.get(), part.data(), part.size()), RFCTLS_OK);
        count += part.size();
      }
    }
  };
  auto carry_both = [&] {
    carry(inner.client_raw, outer.client, outer.server, inner.server_raw);
    carry(inner.server_raw, outer.server, outer.client, inner.client_raw);
  };
  rfctls_status of_client = RFCTLS_WANT_READ, of_server = RFCTLS_WANT_READ;
  for (int round = 0; round < 10 && (of_client > 0 || of_server > 0); round++) {
    of_client = of_client > 0 ? rfctls_socket_handshake(inner.client.get()) : of_client;
    carry_both();
    of_server = of_server > 0 ? rfctls_socket_handshake(inner.server.get()) : of_server;
    carry_both();
  }
  ASSERT_EQ(of_client, RFCTLS_OK);
  ASSERT_EQ(of_server, RFCTLS_OK);
  ASSERT_EQ(send_all(inner.client, "secret within"), RFCTLS_OK);
  carry_both();
  EXPECT_EQ(receive(inner.server), "secret within");
}

TEST(Memory, IsFedByOneThreadWhileAnotherReceives) {
  MemoryPair pair;
  pair.shake();
  std::string text(200000, 'x'), got;
  std::thread feeder([&] {
    size_t at = 0;
    while (at < text.size()) {
      size_t sent = 0;
      require(rfctls_socket_send(pair.server.get(), 0, text.data() + at, 1000, &sent), "send");
      at += sent;
      MemoryPair::carry(pair.server_raw, pair.client_raw, 777);
    }
  });
  while (got.size() < text.size()) {
    char buffer[4096];
    size_t received = 0;
    rfctls_status status =
        rfctls_socket_recv(pair.client.get(), 0, buffer, sizeof buffer, &received);
    if (status < 0) {
      ADD_FAILURE() << rfctls_error_message();
      break;
    }
    got.append(buffer, received);
    std::this_thread::yield();
  }
  feeder.join();
  EXPECT_TRUE(got == text);
}

TEST(Memory, TellsAnEventLoopToFeedOrToDrain) {
  MemoryPair pair;
  EXPECT_EQ(rfctls_socket_handshake(pair.client.get()), RFCTLS_WANT_READ);
  EXPECT_EQ(rfctls_socket_wait_events(pair.client.get(), RFCTLS_WANT_READ),
            uint32_t{RFCTLS_EVENT_READ});
  ASSERT_EQ(rfctls_raw_feed_end(pair.client_raw.get()), RFCTLS_OK);
  EXPECT_EQ(rfctls_socket_wait_events(pair.client.get(), RFCTLS_WANT_READ), 0u) << "call again";
  MemoryPair other;
  other.shake();
  std::string much(1 << 20, 'x');
  size_t sent = 0;
  ASSERT_EQ(rfctls_socket_send(other.client.get(), 0, much.data(), much.size(), &sent), RFCTLS_OK);
  EXPECT_EQ(rfctls_socket_wait_events(other.client.get(), RFCTLS_WANT_WRITE),
            uint32_t{RFCTLS_EVENT_WRITE});
  drain(other.client_raw);
  EXPECT_EQ(rfctls_socket_wait_events(other.client.get(), RFCTLS_WANT_WRITE), 0u);
}

TEST(Memory, InAPollsetIsReadyByWhatItHolds) {
  MemoryPair pair;
  pair.shake();
  pair.carry();
  char byte;
  size_t count = 0, ready = 0, of_socket, of_raw;
  while (rfctls_socket_recv(pair.client.get(), 0, &byte, 1, &count) != RFCTLS_WANT_READ) {
  }
  Raw plain = memory();
  Pollset set;
  ASSERT_EQ(rfctls_pollset_new(out(set)), RFCTLS_OK);
  ASSERT_EQ(rfctls_pollset_add_socket(set.get(), pair.client.get(), RFCTLS_EVENT_READ, &of_socket),
            RFCTLS_OK);
  ASSERT_EQ(rfctls_pollset_add_raw(set.get(), plain.get(), RFCTLS_EVENT_READ, &of_raw), RFCTLS_OK);
  ASSERT_EQ(rfctls_pollset_wait(set.get(), 10, &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 0u);
  ASSERT_EQ(send_all(pair.server, "x"), RFCTLS_OK);
  pair.carry();
  ASSERT_EQ(rfctls_pollset_wait(set.get(), -1, &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 1u);
  EXPECT_EQ(rfctls_pollset_events(set.get(), of_socket), uint32_t{RFCTLS_EVENT_READ});
  ASSERT_EQ(rfctls_raw_feed(plain.get(), "x", 1), RFCTLS_OK);
  ASSERT_EQ(rfctls_pollset_wait(set.get(), -1, &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 2u);
  EXPECT_EQ(rfctls_pollset_events(set.get(), of_raw), uint32_t{RFCTLS_EVENT_READ});
}

TEST(Memory, WithoutTlsCarriesWhatItIsGiven) {
  Raw raw = memory();
  rfctls_status status = RFCTLS_OK;
  Address address;
  EXPECT_EQ(rfctls_raw_fd(raw.get()), -1);
  EXPECT_EQ(drain(raw, &status), "");
  EXPECT_EQ(status, RFCTLS_WANT_READ);
  ASSERT_EQ(rfctls_raw_local_address(raw.get(), out(address)), RFCTLS_OK);
  EXPECT_STREQ(rfctls_address_host(address.get()), "");
  ASSERT_EQ(rfctls_raw_peer_address(raw.get(), out(address)), RFCTLS_OK);
  EXPECT_EQ(rfctls_address_port(address.get()), 0);
}

TEST(Memory, IsFedAndDrainedOnlyWhereThereIsSome) {
  Raw tcp, raw = memory();
  Addresses addresses;
  char byte = 0;
  size_t received = 9;
  require(rfctls_addresses_resolve("127.0.0.1", "0", RFCTLS_FAMILY_ANY, 1, out(addresses)), "any");
  require(rfctls_raw_listen(rfctls_addresses_at(addresses.get(), 0), 0, out(tcp)), "listen");
  for (rfctls_raw *none : {static_cast<rfctls_raw *>(nullptr), tcp.get()}) {
    EXPECT_EQ(rfctls_raw_feed(none, &byte, 1), RFCTLS_E_ARGUMENT);
    EXPECT_EQ(rfctls_raw_feed_end(none), RFCTLS_E_ARGUMENT);
    EXPECT_EQ(rfctls_raw_drain(none, &byte, 1, &received), RFCTLS_E_ARGUMENT);
    EXPECT_EQ(received, 0u);
  }
  EXPECT_EQ(rfctls_raw_memory(nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_feed(raw.get(), nullptr, 1), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_feed(raw.get(), nullptr, 0), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_drain(raw.get(), nullptr, 1, &received), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_drain(raw.get(), &byte, 1, nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_drain(raw.get(), nullptr, 0, &received), RFCTLS_OK);
}

}  // namespace
