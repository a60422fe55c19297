// Bytes that were given back to a transport: does the next receive, plain or of TLS, find them first, and
// does whoever waits know of them?
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/pair.hpp"

namespace {

using rfctls_test::Address;
using rfctls_test::Addresses;
using rfctls_test::Config;
using rfctls_test::out;
using rfctls_test::Raw;
using rfctls_test::require;
using rfctls_test::Socket;

const char *const line = "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n";

std::string message() {
  return rfctls_error_message();
}

rfctls_status unread(const Raw &raw, const std::string &bytes) {
  return rfctls_raw_unread(raw.get(), bytes.data(), bytes.size());
}

void send(const Raw &raw, const std::string &bytes) {
  size_t sent = 0;
  require(rfctls_raw_send(raw.get(), 0, bytes.data(), bytes.size(), &sent), "send");
}

std::string receive(const Raw &raw, size_t most, uint32_t flags = 0) {
  std::string bytes(most, '\0');
  size_t received = 0;
  EXPECT_EQ(rfctls_raw_recv(raw.get(), flags, bytes.data(), most, &received), RFCTLS_OK)
      << message();
  return bytes.substr(0, received);
}

struct Plain {
  Plain() {
    Addresses any, there;
    Address address;
    require(rfctls_addresses_resolve("127.0.0.1", "0", RFCTLS_FAMILY_ANY, 0, out(any)), "resolve");
    require(rfctls_raw_listen(rfctls_addresses_at(any.get(), 0), 0, out(listener)), "listen");
    require(rfctls_raw_local_address(listener.get(), out(address)), "address");
    const std::string port = std::to_string(rfctls_address_port(address.get()));
    require(rfctls_raw_connect("127.0.0.1", port.c_str(), RFCTLS_FAMILY_ANY, 1, 10000, out(client)),
            "connect");
    require(rfctls_raw_accept(listener.get(), out(server)), "accept");
    require(rfctls_raw_set_timeout(server.get(), RFCTLS_TIMER_READ, 10000), "timer");
  }

  Raw listener, client, server;
};

size_t ready(const Raw *raw, const Socket *socket) {
  rfctls_test::Pollset set;
  size_t index, count = 0;
  require(rfctls_pollset_new(out(set)), "pollset");
  if (raw != nullptr) {
    require(rfctls_pollset_add_raw(set.get(), raw->get(), RFCTLS_EVENT_READ, &index), "add");
  } else {
    require(rfctls_pollset_add_socket(set.get(), socket->get(), RFCTLS_EVENT_READ, &index), "add");
  }
  require(rfctls_pollset_wait(set.get(), 0, &count), "wait");
  return count;
}

TEST(Unread, ComesBeforeWhatTheSystemHas) {
  Plain plain;
  send(plain.client, "56789");
  ASSERT_EQ(unread(plain.server, "34"), RFCTLS_OK);
  ASSERT_EQ(unread(plain.server, "012"), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_pending(plain.server.get()), 5u);
  EXPECT_EQ(receive(plain.server, 100, RFCTLS_PEEK), "01234");
  EXPECT_EQ(receive(plain.server, 2), "01");
  EXPECT_EQ(rfctls_raw_pending(plain.server.get()), 3u);
  EXPECT_EQ(receive(plain.server, 8, RFCTLS_WAITALL), "23456789");
  EXPECT_EQ(rfctls_raw_pending(plain.server.get()), 0u);
  EXPECT_EQ(rfctls_raw_pending(nullptr), 0u);
}

TEST(Unread, OfNothingChangesNothing) {
  Plain plain;
  ASSERT_EQ(rfctls_raw_unread(plain.server.get(), nullptr, 0), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_unread(plain.listener.get(), nullptr, 0), RFCTLS_OK);
  EXPECT_EQ(ready(&plain.server, nullptr), 0u);
  rfctls_raw_close(plain.client.get());
  EXPECT_EQ(receive(plain.server, 1), "");
}

TEST(Unread, ComesBeforeTheEndToo) {
  Plain plain;
  rfctls_raw_close(plain.client.get());
  EXPECT_EQ(receive(plain.server, 1), "");
  ASSERT_EQ(unread(plain.server, "x"), RFCTLS_OK);
  EXPECT_EQ(receive(plain.server, 100), "x");
  EXPECT_EQ(receive(plain.server, 100), "");
}

TEST(Unread, IsSeenByAPollset) {
  Plain plain;
  EXPECT_EQ(ready(&plain.server, nullptr), 0u);
  ASSERT_EQ(unread(plain.server, "x"), RFCTLS_OK);
  EXPECT_EQ(ready(&plain.server, nullptr), 1u);
  EXPECT_EQ(receive(plain.server, 1), "x");
  EXPECT_EQ(ready(&plain.server, nullptr), 0u);
}

TEST(Unread, WakesWhoWaits) {
  Plain plain;
  std::string received;
  std::thread reader([&] { received = receive(plain.server, 1); });
  ASSERT_EQ(unread(plain.server, "x"), RFCTLS_OK);
  reader.join();
  EXPECT_EQ(received, "x");
}

TEST(Unread, WorksOverMemory) {
  Raw memory;
  ASSERT_EQ(rfctls_raw_memory(out(memory)), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_feed(memory.get(), "cd", 2), RFCTLS_OK);
  ASSERT_EQ(unread(memory, "ab"), RFCTLS_OK);
  EXPECT_EQ(receive(memory, 4, RFCTLS_WAITALL), "abcd");
}

TEST(Unread, IsRefusedWhereNothingCanHaveBeenReceived) {
  Plain plain;
  Config config = rfctls_test::client_config();
  Socket socket;
  EXPECT_EQ(rfctls_raw_unread(plain.server.get(), nullptr, 1), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_unread(nullptr, "x", 1), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(unread(plain.listener, "x"), RFCTLS_E_STATE);
  ASSERT_EQ(rfctls_socket_wrap(plain.client.get(), config.get(), out(socket)), RFCTLS_OK);
  EXPECT_EQ(unread(plain.client, "x"), RFCTLS_E_STATE);
  rfctls_raw_close(plain.server.get());
  EXPECT_EQ(unread(plain.server, "x"), RFCTLS_E_CLOSED);
}

// A client whose hello comes in one segment with a line, which the server has read in one piece.
struct Glued {
  Glued() {
    Config of_client = rfctls_test::client_config(), of_server = rfctls_test::server_config();
    send(plain.client, line);
    require(rfctls_socket_wrap(plain.client.get(), of_client.get(), out(client)), "wrap");
    require(rfctls_socket_set_blocking(client.get(), 0), "non-blocking");
    EXPECT_EQ(rfctls_socket_handshake(client.get()), RFCTLS_WANT_READ);
    std::string all;
    while (all.size() < std::string(line).size() + 100) {
      all += receive(plain.server, 65536);
    }
    EXPECT_EQ(unread(plain.server, all.substr(std::string(line).size())), RFCTLS_OK);
    require(rfctls_socket_wrap(plain.server.get(), of_server.get(), out(server)), "wrap");
  }

  Plain plain;
  Socket client, server;
};

TEST(Unread, IsWhatTlsBeginsWith) {
  Glued glued;
  rfctls_status status = RFCTLS_OK;
  std::thread other([&] { status = rfctls_socket_handshake(glued.server.get()); });
  require(rfctls_socket_set_blocking(glued.client.get(), 1), "blocking");
  EXPECT_EQ(rfctls_socket_handshake(glued.client.get()), RFCTLS_OK) << message();
  other.join();
  EXPECT_EQ(status, RFCTLS_OK);
  EXPECT_EQ(rfctls_test::send_all(glued.client, "secret"), RFCTLS_OK);
  EXPECT_EQ(rfctls_test::receive(glued.server), "secret");
}

TEST(Unread, IsKnownToWhoWaitsForTls) {
  Glued glued;
  EXPECT_EQ(rfctls_socket_wait(glued.server.get(), RFCTLS_WANT_READ, 0), RFCTLS_OK);
  EXPECT_EQ(rfctls_socket_wait_events(glued.server.get(), RFCTLS_WANT_READ), 0u);
  EXPECT_EQ(ready(nullptr, &glued.server), 1u);
}

}  // namespace
