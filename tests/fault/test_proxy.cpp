// What becomes of a session over TCP when somebody in between sends single bytes, joins what came apart, is
// slow, cuts, resets, or changes a bit?
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <iostream>
#include <map>
#include <random>

#include "support/pair.hpp"

namespace {

using namespace rfctls_test;
using Clock = std::chrono::steady_clock;

enum Deed { PASS, SINGLE_BYTES, JOIN, DELAY, CUT, RESET, FLIP };

const char *const deed_names[] = {"pass", "single bytes", "join", "delay", "cut", "reset", "flip"};

struct Mischief {
  Deed deed = PASS;
  bool to_server = true;
  size_t at = 0;  // the byte that is changed, or the first that does not arrive
};

// ---- the one in between ----

class Proxy {
 public:
  explicit Proxy(const Mischief &mischief) : mischief_(mischief), listener_(tcp_socket()) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr *>(&address), size);
    listen(listener_, 1);
    getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~Proxy() {
    close(listener_);
  }

  void start(uint16_t server_port) {
    thread_ = std::thread([this, server_port] { relay(server_port); });
  }

  void join() {
    thread_.join();
  }

  uint16_t port;
  size_t passed[2] = {0, 0};  // bytes, to the client and to the server

 private:
  static int tcp_socket() {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
  }
  static sockaddr_in loopback(uint16_t number) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(number);
    return address;
  }

  void relay(uint16_t server_port) {
    sockaddr_in address = loopback(server_port);
    int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), server = tcp_socket();
    if (connect(server, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0) {
      int ends[2] = {client, server};  // those to which bytes go, by direction
      while (carry_on(ends)) {
      }
    }
    close(client);
    close(server);
  }

  // false: both have ended, or there is no way on.
  bool carry_on(int ends[2]) {
    pollfd items[2] = {{open_[1] ? ends[0] : -1, POLLIN, 0}, {open_[0] ? ends[1] : -1, POLLIN, 0}};
    if ((!open_[0] && !open_[1]) || poll(items, 2, 10000) <= 0) {
      return false;
    }
    for (int from = 0; from < 2; from++) {
      if (items[from].revents != 0 && !forward(ends, from)) {
        return false;
      }
    }
    return true;
  }

  // What one end has for the other; 1 is the server.
  bool forward(int ends[2], int from) {
    int to = 1 - from;
    std::string bytes(65536, '\0');
    if (mischief_.deed == JOIN || mischief_.deed == DELAY) {
      pollfd nothing = {-1, 0, 0};
      poll(&nothing, 1, mischief_.deed == JOIN ? 5 : 1);  // not to wait for anything: it is slow
    }
    ssize_t count = recv(ends[from], bytes.data(), mischief_.deed == DELAY ? 97 : bytes.size(), 0);
    if (count <= 0) {
      open_[to] = false;
      shutdown(ends[to], SHUT_WR);
      return count == 0;
    }
    bytes.resize(static_cast<size_t>(count));
    return strike(ends, to, bytes) && pass(ends[to], to, bytes);
  }

  // false: the connection is no more.
  bool strike(int ends[2], int to, std::string &bytes) {
    size_t begin = passed[to];
    bool here =
        to == mischief_.to_server && mischief_.at >= begin && mischief_.at < begin + bytes.size();
    if (!here || mischief_.deed < CUT) {
      return true;
    }
    if (mischief_.deed == FLIP) {
      bytes[mischief_.at - begin] = static_cast<char>(bytes[mischief_.at - begin] ^ 0x10);
      return true;
    }
    bytes.resize(mischief_.at - begin);
    (void)pass(ends[to], to, bytes);
    struck = true;
    if (mischief_.deed == RESET) {
      linger now = {1, 0};
      setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &now, sizeof now);
      setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof now);
      return false;
    }
    shutdown(ends[to], SHUT_WR);
    read_away(ends);
    return false;
  }

  // Until both have closed: unread bytes would make a reset of the cut.
  static void read_away(const int ends[2]) {
    shutdown(ends[0], SHUT_WR);
    shutdown(ends[1], SHUT_WR);
    char waste[4096];
    for (int end = 0; end < 2; end++) {
      pollfd item = {ends[end], POLLIN, 0};
      while (poll(&item, 1, 5000) > 0 && recv(ends[end], waste, sizeof waste, 0) > 0) {
      }
    }
  }

  bool pass(int fd, int to, const std::string &bytes) {
    size_t piece = mischief_.deed == SINGLE_BYTES ? 1 : bytes.size();
    for (size_t at = 0; at < bytes.size();) {
      ssize_t sent = send(fd, bytes.data() + at, std::min(piece, bytes.size() - at), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      at += static_cast<size_t>(sent);
    }
    passed[to] += bytes.size();
    return true;
  }

  Mischief mischief_;
  int listener_;
  bool open_[2] = {true, true};  // whether bytes may still come for the client, for the server
  std::thread thread_;

 public:
  bool struck = false;
};

// ---- the two ends ----

struct End {
  std::string heard, message;
  rfctls_status status = RFCTLS_OK;  // of what failed first
  double cpu = 0;

  void run(const Socket &socket, const std::string &say) {
    timespec begin, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    if (keep(rfctls_socket_handshake(socket.get())) && keep(send_all(socket, say)) &&
        keep(rfctls_socket_shutdown(socket.get(), RFCTLS_SHUT_WRITE))) {
      rfctls_status ended;
      heard = receive_all(socket, &ended);
      keep(ended);
    }
    rfctls_socket_close(socket.get());
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    cpu = static_cast<double>(end.tv_sec - begin.tv_sec) +
          static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e9;
  }

  bool keep(rfctls_status answered) {
    if (answered != RFCTLS_OK && status == RFCTLS_OK) {
      status = answered;
      message = rfctls_error_message();
    }
    return answered == RFCTLS_OK;
  }
};

std::string words(uint64_t offset) {
  std::string text(3000, '\0');
  fill_pattern(reinterpret_cast<unsigned char *>(text.data()), text.size(), offset);
  return text;
}

const std::string of_client = words(11), of_server = words(5000);

struct Session {
  End client, server;
  size_t to_client = 0, to_server = 0;  // bytes
  bool struck = false;

  Session(rfctls_tls_version version, const Mischief &mischief) {
    Config own = client_config(version);
    Socket listener = listen_on(server_config("server-direct", version));
    Proxy proxy(mischief);
    proxy.start(static_cast<uint16_t>(std::stoul(port_of(listener))));
    std::thread other([&] {
      Socket accepted = accept_from(listener);
      server.run(accepted, of_server);
    });
    Socket socket;
    require(rfctls_socket_connect("127.0.0.1", std::to_string(proxy.port).c_str(), own.get(),
                                  out(socket)),
            "connect");
    client.run(socket, of_client);
    other.join();
    socket.reset();
    proxy.join();
    to_client = proxy.passed[0];
    to_server = proxy.passed[1];
    struck = proxy.struck;
  }

  bool is_whole() const {
    return client.status == RFCTLS_OK && server.status == RFCTLS_OK && client.heard == of_server &&
           server.heard == of_client;
  }
};

// ---- tests ----

class Between : public testing::TestWithParam<rfctls_tls_version> {
 protected:
  void expect_sane(const Session &session) {
    EXPECT_EQ(of_server.compare(0, session.client.heard.size(), session.client.heard), 0);
    EXPECT_EQ(of_client.compare(0, session.server.heard.size(), session.server.heard), 0);
    for (const End *end : {&session.client, &session.server}) {
      EXPECT_LT(end->cpu, 1) << "it spins";
      EXPECT_TRUE(end->status == RFCTLS_OK || !end->message.empty());
      EXPECT_NE(end->status, RFCTLS_E_TIMEOUT);
      ends[rfctls_status_name(end->status)]++;
    }
  }

  // The deed at places all over the session, both ways.
  template <typename Check>
  void at_many(Deed deed, Check check) {
    Session usual(GetParam(), {});
    ASSERT_TRUE(usual.is_whole()) << usual.client.message << usual.server.message;
    std::mt19937 random(std::random_device{}());
    for (int i = 0; i < 60; i++) {
      Mischief mischief = {deed, i % 2 == 0, 0};
      size_t size = mischief.to_server ? usual.to_server : usual.to_client;
      // A record's version in the handshake has to be ignored: bits change in the data, after it.
      mischief.at = deed == FLIP ? size - 1 - random() % (size / 2) : random() % size;
      SCOPED_TRACE(std::string(deed_names[deed]) +
                   (mischief.to_server ? " to the server" : " to the client") + " at byte " +
                   std::to_string(mischief.at));
      Session session(GetParam(), mischief);
      expect_sane(session);
      check(session, mischief.to_server ? session.server : session.client);
    }
    std::cout << deed_names[deed] << ':';
    for (const auto &end : ends) {
      std::cout << "  " << end.first << ' ' << end.second;
    }
    std::cout << std::endl;
  }

  std::map<std::string, int> ends;
};
INSTANTIATE_TEST_SUITE_P(Proxy, Between, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3));

TEST_P(Between, SingleBytesJoinedOnesAndLateOnesMakeNoDifference) {
  for (Deed deed : {SINGLE_BYTES, JOIN, DELAY}) {
    SCOPED_TRACE(deed_names[deed]);
    Session session(GetParam(), {deed, true, 0});
    EXPECT_TRUE(session.is_whole()) << session.client.message << session.server.message;
    expect_sane(session);
  }
}

TEST_P(Between, ACutIsATruncation) {
  at_many(CUT, [](const Session &session, const End &hit) {
    if (session.struck) {
      EXPECT_EQ(hit.status, RFCTLS_E_TRUNCATED) << hit.message;
    }
  });
}

TEST_P(Between, AResetIsNamedAndDoesNotSpin) {
  at_many(RESET, [](const Session &session, const End &hit) {
    if (session.struck) {
      EXPECT_EQ(hit.status, RFCTLS_E_RESET) << hit.message;
    }
  });
}

TEST_P(Between, AFlippedBitIsAnError) {
  at_many(FLIP, [](const Session &session, const End &) { EXPECT_FALSE(session.is_whole()); });
}

}  // namespace
