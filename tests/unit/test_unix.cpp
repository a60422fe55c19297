// Unix-domain sockets: do they connect, listen, talk, carry TLS, and say who is at the ends?
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/memory.hpp"
#include "support/pair.hpp"

namespace {

using rfctls_test::Address;
using rfctls_test::out;
using rfctls_test::Raw;

std::string message() {
  return rfctls_error_message();
}

// A folder for a socket, gone at the end.
class Unix : public testing::Test {
 protected:
  Unix() {
    char folder[] = "/tmp/rfctls-unix-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path = folder_ + "/socket";
  }

  ~Unix() override {
    unlink(path.c_str());
    rmdir(folder_.c_str());
  }

  Raw listen(int backlog = 0) const {
    Raw raw;
    EXPECT_EQ(rfctls_raw_listen_unix(path.c_str(), backlog, out(raw)), RFCTLS_OK) << message();
    return raw;
  }

  Raw connect() const {
    Raw raw;
    EXPECT_EQ(rfctls_raw_connect_unix(path.c_str(), 10000, out(raw)), RFCTLS_OK) << message();
    return raw;
  }

  static Raw accept(const Raw &listener) {
    Raw raw;
    EXPECT_EQ(rfctls_raw_accept(listener.get(), out(raw)), RFCTLS_OK) << message();
    return raw;
  }

  std::string path;

 private:
  std::string folder_;
};

using GetAddress = rfctls_status (*)(const rfctls_raw *, rfctls_address **);

std::string host(GetAddress get, const Raw &raw) {
  Address address;
  EXPECT_EQ(get(raw.get(), out(address)), RFCTLS_OK) << message();
  EXPECT_STREQ(rfctls_address_ip(address.get()), "");
  EXPECT_EQ(rfctls_address_port(address.get()), 0);
  EXPECT_EQ(rfctls_address_family(address.get()), RFCTLS_FAMILY_ANY);
  return rfctls_address_host(address.get());
}

TEST_F(Unix, TalksAndEnds) {
  Raw listener = listen(), client = connect(), server = accept(listener);
  char buffer[8];
  size_t count = 0;
  ASSERT_EQ(rfctls_raw_send(client.get(), 0, "there", 5, &count), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_recv(server.get(), 0, buffer, sizeof buffer, &count), RFCTLS_OK);
  EXPECT_EQ(std::string(buffer, count), "there");
  client.reset();
  ASSERT_EQ(rfctls_raw_recv(server.get(), 0, buffer, sizeof buffer, &count), RFCTLS_OK);
  EXPECT_EQ(count, 0u);
}

TEST_F(Unix, CarriesTlsAndSaysGoodbye) {
  Raw listener = listen(), client_raw = connect(), server_raw = accept(listener);
  rfctls_test::Config of_client = rfctls_test::client_config(),
                      of_server = rfctls_test::server_config();
  rfctls_test::Socket client, server;
  ASSERT_EQ(rfctls_socket_wrap(client_raw.get(), of_client.get(), out(client)), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_wrap(server_raw.get(), of_server.get(), out(server)), RFCTLS_OK);
  rfctls_status status = RFCTLS_OK;
  std::string got;
  std::thread other([&] {
    status = rfctls_socket_handshake(server.get());
    if (status == RFCTLS_OK) {
      got = rfctls_test::receive_all(server, &status);
    }
  });
  EXPECT_EQ(rfctls_socket_handshake(client.get()), RFCTLS_OK) << message();
  EXPECT_EQ(rfctls_test::send_all(client, "secret"), RFCTLS_OK);
  EXPECT_EQ(rfctls_socket_close(client.get()), RFCTLS_OK) << message();
  other.join();
  EXPECT_EQ(status, RFCTLS_OK);
  EXPECT_EQ(got, "secret");
}

TEST_F(Unix, ListenerIsATlsListenerToo) {
  Raw listener = listen(), client = connect();
  rfctls_test::Config config = rfctls_test::server_config();
  rfctls_test::Socket socket, accepted;
  ASSERT_EQ(rfctls_socket_wrap(listener.get(), config.get(), out(socket)), RFCTLS_OK);
  EXPECT_TRUE(rfctls_socket_is_listener(socket.get()));
  EXPECT_EQ(rfctls_socket_accept(socket.get(), out(accepted)), RFCTLS_OK);
}

TEST_F(Unix, EndsAreThePathWhereThereIsOne) {
  Raw listener = listen(), client = connect(), server = accept(listener);
  EXPECT_EQ(host(rfctls_raw_local_address, listener), path);
  EXPECT_EQ(host(rfctls_raw_peer_address, client), path);
  EXPECT_EQ(host(rfctls_raw_local_address, server), path);
  EXPECT_EQ(host(rfctls_raw_local_address, client), "");
  EXPECT_EQ(host(rfctls_raw_peer_address, server), "");
  ASSERT_EQ(rfctls_raw_close(server.get()), RFCTLS_OK);
  EXPECT_EQ(host(rfctls_raw_local_address, server), path) << "also after close";
}

TEST_F(Unix, NamesThePathWhereNobodyListens) {
  Raw raw;
  EXPECT_EQ(rfctls_raw_connect_unix(path.c_str(), 1000, out(raw)), RFCTLS_E_CONNECT);
  EXPECT_EQ(rfctls_error_system_code(), ENOENT);
  EXPECT_EQ(message(), "cannot connect to " + path + ": No such file or directory");
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_raw_connect_unix");
  listen().reset();
  EXPECT_EQ(rfctls_raw_connect_unix(path.c_str(), 1000, out(raw)), RFCTLS_E_CONNECT);
  EXPECT_EQ(rfctls_error_system_code(), ECONNREFUSED);
  EXPECT_EQ(raw, nullptr);
}

TEST_F(Unix, NamesThePathThatIsTakenAndLeavesItsFile) {
  struct stat file;
  listen().reset();
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  EXPECT_TRUE(S_ISSOCK(file.st_mode));
  Raw raw;
  EXPECT_EQ(rfctls_raw_listen_unix(path.c_str(), 0, out(raw)), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), EADDRINUSE);
  EXPECT_EQ(message(), "cannot listen on " + path + ": Address already in use");
  EXPECT_EQ(raw, nullptr);
  ASSERT_EQ(unlink(path.c_str()), 0);
  EXPECT_NE(listen(), nullptr);
}

TEST_F(Unix, RefusesToConnectWhileTheQueueIsFull) {
  Raw listener = listen(1);
  std::vector<Raw> waiting;
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && waiting.size() < 100) {
    waiting.emplace_back();
    status = rfctls_raw_connect_unix(path.c_str(), 1000, out(waiting.back()));
  }
  EXPECT_TRUE(status == RFCTLS_E_CONNECT || status == RFCTLS_E_TIMEOUT) << message();
}

TEST_F(Unix, TakesPathsAsLongAsTheSystemDoes) {
  std::string longest = path + "/";  // no such folder: nothing is made
  for (Raw raw; rfctls_raw_listen_unix(longest.c_str(), 0, out(raw)) != RFCTLS_E_ARGUMENT;) {
    longest += "x";
    ASSERT_LT(longest.size(), 200u);
  }
  EXPECT_EQ(message(), "path \"" + longest + "\" is longer than " +
                           std::to_string(longest.size() - 1) + " bytes");
  EXPECT_GE(longest.size(), 100u);
}

TEST_F(Unix, WithoutMemoryLeavesNothingBehind) {
  Raw listener = listen();
  rfctls_test::for_each_failing_allocation([&] {
    Raw raw;
    rfctls_status status = rfctls_raw_connect_unix(path.c_str(), 10000, out(raw));
    EXPECT_EQ(status == RFCTLS_OK, raw != nullptr);
    return status;
  });
}

TEST_F(Unix, RefusesWhatIsNoPath) {
  Raw raw;
  EXPECT_EQ(rfctls_raw_connect_unix(nullptr, 0, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_connect_unix("", 0, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(message(), "path is empty");
  EXPECT_EQ(rfctls_raw_connect_unix(path.c_str(), 0, nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_listen_unix(nullptr, 0, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_listen_unix("", 0, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_listen_unix(path.c_str(), -1, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_listen_unix(path.c_str(), 0, nullptr), RFCTLS_E_ARGUMENT);
}

}  // namespace
