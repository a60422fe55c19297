// Does the library hold ten thousand connections, and does it survive when there are no more descriptors?
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

// As many descriptors as the test wants, until its end; 0: the system does not let it.
class Descriptors {
 public:
  explicit Descriptors(rlim_t wanted) {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = wanted;
    now.rlim_max = std::max(wanted, now.rlim_max);  // only a privileged process may raise it
    granted = wanted <= before_.rlim_cur || setrlimit(RLIMIT_NOFILE, &now) == 0;
  }
  ~Descriptors() {
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  Descriptors(const Descriptors &) = delete;
  Descriptors &operator=(const Descriptors &) = delete;
  rlim_t hard() const {
    return before_.rlim_max;
  }

  bool granted = false;

 private:
  rlimit before_{};
};

size_t open_descriptors() {
  size_t count = 0;
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) {
    count++;
  }
  closedir(folder);
  return count;
}

constexpr size_t kMany = 10000;

// The other process: accepts them all, and sends back what each says, the last one first. What lies unread
// at the end makes their closing a reset, so that no port is held up by the thousands. Answers how many
// went well.
size_t serve(int to_parent) {
  std::vector<Socket> servers(kMany);
  Socket listener = listen_on(server_config());
  const std::string port = port_of(listener);
  size_t good = 0;
  require(write(to_parent, port.data(), port.size()) > 0 ? RFCTLS_OK : RFCTLS_E_SYSTEM, "pipe");
  for (Socket &server : servers) {
    server = accept_from(listener);
    require(rfctls_socket_set_timeout(server.get(), RFCTLS_TIMER_READ, 50000), "timer");
    require(rfctls_socket_handshake(server.get()), "handshake");
  }
  for (size_t i = kMany; i-- > 0;) {
    good += send_all(servers[i], receive(servers[i])) == RFCTLS_OK &&
            send_all(servers[i], "never read") == RFCTLS_OK;
  }
  (void)receive(servers[0]);  // until the parent is done
  return good;
}

class Child {
 public:
  Child() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      int code = 1;
      try {
        code = serve(ends[1]) == kMany ? 0 : 1;
      } catch (const std::exception &error) {
        std::fprintf(stderr, "child: %s\n", error.what());
      }
      _exit(code);
    }
    close(ends[1]);
    char text[16] = "";
    EXPECT_GT(read(ends[0], text, sizeof text - 1), 0);
    port = text;
    close(ends[0]);
  }
  int wait() const {
    int status = -1;
    waitpid(pid_, &status, 0);
    return status;
  }

  std::string port;

 private:
  pid_t pid_;
};

TEST(Many, ten_thousand_connections_open_in_one_process_all_talk) {
  Descriptors descriptors(kMany + 200);
  if (!descriptors.granted) {
    GTEST_SKIP() << kMany + 200 << " descriptors are needed, the hard limit is "
                 << descriptors.hard();
  }
  Child child;
  Config config = client_config();
  std::vector<Socket> clients(kMany);
  for (Socket &client : clients) {
    require(rfctls_socket_connect("127.0.0.1", child.port.c_str(), config.get(), out(client)),
            "connect");
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get())) << rfctls_error_message();
  }
  EXPECT_GE(rfctls_raw_fd(rfctls_socket_raw(clients.back().get())), intptr_t{kMany});
  for (size_t i = 0; i < kMany; i++) {
    ASSERT_EQ(RFCTLS_OK, send_all(clients[i], std::to_string(i)));
  }
  for (size_t i = 0; i < kMany; i++) {
    ASSERT_EQ(std::to_string(i), receive(clients[i]).substr(0, std::to_string(i).size()));
  }
  ASSERT_EQ(RFCTLS_OK, send_all(clients[0], "done"));
  EXPECT_EQ(0, child.wait());
}

// Both ends wait, each in a thread: the process keeps a waker for each from then on.
void wait_at_once(Pair &pair) {
  const auto wait = [](const Socket &socket) {
    char byte;
    size_t received = 0;
    require(rfctls_socket_set_timeout(socket.get(), RFCTLS_TIMER_READ, 300), "timer");
    EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_recv(socket.get(), 0, &byte, 1, &received));
  };
  std::thread other([&] { wait(pair.server); });
  wait(pair.client);
  other.join();
}

TEST(Many, ten_thousand_that_connect_and_close_at_once_leave_nothing_behind) {
  Socket listener = listen_on(server_config());
  const std::string port = port_of(listener);
  {
    Pair warm;  // what a process opens once is open
    ASSERT_EQ(RFCTLS_OK, warm.shake());
    wait_at_once(warm);
  }
  const size_t before = open_descriptors();
  std::thread connecting([&] {
    for (size_t i = 0; i < kMany; i++) {
      Raw raw;
      require(rfctls_raw_connect("127.0.0.1", port.c_str(), RFCTLS_FAMILY_ANY, 1, 20000, out(raw)),
              "connect");
      if (i % 16 != 0) {  // a reset leaves no port behind; a polite end is served, too
        const linger at_once{1, 0};
        setsockopt(static_cast<int>(rfctls_raw_fd(raw.get())), SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof at_once);
      }
    }
  });
  for (size_t i = 0; i < kMany; i++) {
    Socket server = accept_from(listener);
    const rfctls_status status = rfctls_socket_handshake(server.get());
    ASSERT_TRUE(status == RFCTLS_E_TRUNCATED || status == RFCTLS_E_RESET) << status;
  }
  connecting.join();
  EXPECT_EQ(before, open_descriptors());
  Socket client = connect_to(listener, client_config());
  Socket server = accept_from(listener);
  std::thread other([&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get())); });
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get())) << "the next is served";
  other.join();
}

// What the process may still open: up to this many.
class Scarcity {
 public:
  explicit Scarcity(int more) {
    int next = fcntl(0, F_DUPFD, 0);
    close(next);
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next + more);
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~Scarcity() {
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
};

TEST(Many, without_descriptors_connect_and_accept_say_so_and_the_listener_lives) {
  Config of_client = client_config();
  Socket listener = listen_on(server_config());
  const std::string port = port_of(listener);
  {
    Pair warm;  // what a process opens once is open
    ASSERT_EQ(RFCTLS_OK, warm.shake());
    wait_at_once(warm);
  }
  Socket client, server;
  {
    Scarcity none(0);
    EXPECT_EQ(RFCTLS_E_SYSTEM,
              rfctls_socket_connect("127.0.0.1", port.c_str(), of_client.get(), out(client)));
    EXPECT_EQ(EMFILE, rfctls_error_system_code());
  }
  client = connect_to(listener, of_client);
  {
    Scarcity none(0);
    EXPECT_EQ(RFCTLS_E_SYSTEM, rfctls_socket_accept(listener.get(), out(server)));
    EXPECT_EQ(EMFILE, rfctls_error_system_code());
  }
  server = accept_from(listener);
  std::thread other([&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get())); });
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get()));
  other.join();
}

}  // namespace
