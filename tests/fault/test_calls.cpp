// Each system call of a whole session fails in turn, in each way that it can: does the session go on as if
// nothing had been where it should, and end with a status that names the cause where it must; is what
// arrives always the beginning of what was sent; can the socket be closed, and is nothing left of it?
#include <dirent.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>

#include "fault/shim.hpp"
#include "net/wait.h"
#include "support/pair.hpp"

namespace {

using namespace rfctls_test;
using fault::Kind;
using Clock = std::chrono::steady_clock;

constexpr int64_t TIMER = 5000, SHORT_TIMER = 60;  // what must not run out, and what shall
constexpr int64_t SLACK = 5000;                    // for a machine that is busy otherwise
constexpr size_t BIG = 60000, SMALL = 700;         // bytes

// ---- what a session is like ----

struct Mode {
  rfctls_role role;
  bool blocking;
  rfctls_tls_version version;

  std::string name() const {
    return std::string(role == RFCTLS_CLIENT ? "client" : "server") +
           (blocking ? "_blocking" : "_nonblocking") +
           (version == RFCTLS_TLS_1_2 ? "_tls12" : "_tls13");
  }
};

std::string pattern(size_t size, uint64_t offset) {
  std::string text(size, '\0');
  fill_pattern(reinterpret_cast<unsigned char *>(text.data()), size, offset);
  return text;
}

// What each end says: a lot, then after all came a little, then it ends.
struct Script {
  std::string first, second;
  std::string all() const {
    return first + second;
  }
};

const Script &of_subject() {
  static const Script script = {pattern(BIG, 0), pattern(SMALL, BIG)};
  return script;
}

const Script &of_peer() {
  static const Script script = {pattern(BIG, 7777), pattern(SMALL, 99)};
  return script;
}

struct Failure {
  std::string verb;
  rfctls_status status = RFCTLS_OK;
  std::string message, origin;
  int64_t system_code = 0;
};

// ---- one end of a session ----

class End {
 public:
  std::string received;
  bool ended = false;  // politely
  Failure failure;     // the first one

  // Goes on until the verb is done, waiting where the socket does not. false: it failed.
  template <typename Verb>
  bool run(const char *name, const Socket &socket, Verb verb) {
    rfctls_status status;
    auto begin = Clock::now();
    while ((status = verb()) > 0) {
      if (Clock::now() - begin > std::chrono::milliseconds(timer_)) {
        return fail(name, RFCTLS_E_TIMEOUT);
      }
      rfctls_status waited = rfctls_socket_wait(socket.get(), status, timer_);
      if (waited < 0) {
        return fail(name, waited);
      }
    }
    return status == RFCTLS_OK || fail(name, status);
  }

  bool shake(const Socket &socket) {
    return run("handshake", socket, [&] { return rfctls_socket_handshake(socket.get()); });
  }

  bool send(const Socket &socket, const std::string &text) {
    for (size_t at = 0; at < text.size();) {
      size_t sent = 0;
      if (!run("send", socket, [&] {
            return rfctls_socket_send(socket.get(), 0, text.data() + at, text.size() - at, &sent);
          })) {
        return false;
      }
      at += sent;
    }
    return true;
  }

  bool receive(const Socket &socket, size_t until) {
    char buffer[20000];
    size_t count = 1;
    while (received.size() < until && !ended) {
      if (!run("recv", socket, [&] {
            return rfctls_socket_recv(socket.get(), 0, buffer, sizeof buffer, &count);
          })) {
        return false;
      }
      received.append(buffer, count);
      ended = count == 0;
    }
    return true;
  }

  bool shut(const Socket &socket) {
    return run("shutdown", socket,
               [&] { return rfctls_socket_shutdown(socket.get(), RFCTLS_SHUT_WRITE); });
  }

  bool update(const Socket &socket) {
    return rfctls_socket_tls_version(socket.get()) != RFCTLS_TLS_1_3 ||
           run("key_update", socket, [&] { return rfctls_socket_key_update(socket.get()); });
  }

  // Both ends do the same; the one that is before begins.
  bool talk(const Socket &socket, const Script &say, size_t hear, bool begins) {
    bool ok = shake(socket);
    if (ok && begins) {
      ok = send(socket, say.first);
    }
    ok = ok && receive(socket, BIG);
    if (ok && !begins) {
      ok = send(socket, say.first);
    }
    return ok && update(socket) && send(socket, say.second) && shut(socket) &&
           receive(socket, hear + 1);
  }

  bool close(const Socket &socket) {
    return run("close", socket, [&] { return rfctls_socket_close(socket.get()); });
  }

  bool fail(const char *verb, rfctls_status status) {
    if (failure.status == RFCTLS_OK) {
      failure = {verb, status, rfctls_error_message(), rfctls_error_origin(),
                 rfctls_error_system_code()};
    }
    return false;
  }

  explicit End(int64_t timer) : timer_(timer) {}

 private:
  int64_t timer_;
};

void set_timers(const Config &config, int64_t milliseconds) {
  for (rfctls_timer timer : {RFCTLS_TIMER_CONNECT, RFCTLS_TIMER_HANDSHAKE, RFCTLS_TIMER_READ,
                             RFCTLS_TIMER_WRITE, RFCTLS_TIMER_ACCEPT, RFCTLS_TIMER_CLOSE}) {
    require(rfctls_config_set_timeout(config.get(), timer, milliseconds), "timer");
  }
}

// ---- a session, of which one end is before ----

struct Result {
  fault::Record record;
  std::string fault_at;  // the verb in which it struck
  Failure failure;
  std::vector<std::string> violations;
};

int64_t cpu_nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

// Open descriptors but for those that the pool of wakers keeps.
std::set<int> descriptors() {
  std::set<int> found;
  DIR *folder = opendir("/proc/self/fd");
  while (const dirent *entry = readdir(folder)) {
    char target[64] = "";
    std::string path = std::string("/proc/self/fd/") + entry->d_name;
    ssize_t size = readlink(path.c_str(), target, sizeof target - 1);
    if (size > 0 && std::atoi(entry->d_name) != dirfd(folder) &&
        std::string(target) != "anon_inode:[eventfd]") {
      found.insert(std::atoi(entry->d_name));
    }
  }
  closedir(folder);
  return found;
}

bool is_prefix(const std::string &part, const std::string &whole) {
  return part.size() <= whole.size() && whole.compare(0, part.size(), part) == 0;
}

// Takes the wakers that lie in the pool, so that the next sleeper has to open one.
class EmptyPool {
 public:
  EmptyPool() {
    fault::Record record = {};
    fault::arm(nullptr, 0);
    while (record.counts[fault::WAKER] == 0) {
      rfctls__waker *waker = nullptr;
      require(rfctls__waker_take(&waker), "waker");
      taken_.push_back(waker);
      record = fault::disarm();
      fault::arm(nullptr, 0);
    }
    fault::disarm();
  }
  ~EmptyPool() {
    for (rfctls__waker *waker : taken_) {
      rfctls__waker_give(waker);
    }
  }

 private:
  std::vector<rfctls__waker *> taken_;
};

class Session {
 public:
  Session(const Mode &mode, const Kind *kind, int nth, int64_t timer)
      : mode_(mode),
        kind_(kind),
        nth_(nth),
        timer_(kind != nullptr && kind->way == fault::STALLS ? SHORT_TIMER : timer),
        subject_(timer_),
        peer_(timer) {}

  Result run() {
    std::set<int> before = descriptors();
    {
      EmptyPool pool;
      mode_.role == RFCTLS_CLIENT ? run_client() : run_server();
    }
    check();
    if (descriptors() != before) {
      violation("descriptors are left open");
    }
    return result_;
  }

 private:
  Config config(rfctls_role role, bool before) const {
    Config made = role == RFCTLS_CLIENT ? client_config(mode_.version)
                                        : server_config("server", mode_.version);
    set_timers(made, before ? timer_ : TIMER);
    require(rfctls_config_set_blocking(made.get(), !before || mode_.blocking), "blocking");
    return made;
  }

  void begin() {
    begin_ = Clock::now();
    begin_cpu_ = cpu_nanoseconds();
    fault::arm(kind_, nth_);
  }

  // What the before end does once it has a socket, or has failed to make one.
  void finish(Socket &socket, bool made) {
    if (made && subject_.talk(socket, of_subject(), of_peer().all().size(), true)) {
      talked_ = true;
    }
    struck_before_close_ = fault::has_fired();
    if (socket) {
      subject_.close(socket);
      if (rfctls_socket_close(socket.get()) != RFCTLS_OK ||
          !rfctls_socket_is_closed(socket.get())) {
        violation("it is not closed after close");
      }
      socket.reset();
    }
    result_.record = fault::disarm();
    double cpu = static_cast<double>(cpu_nanoseconds() - begin_cpu_) / 1e9;
    auto took = Clock::now() - begin_;
    if (took > std::chrono::milliseconds(TIMER + SLACK)) {
      violation("it hung");
    }
    if (cpu > 1.5) {
      violation("it spun for " + std::to_string(cpu) + " s");
    }
  }

  void serve_peer(const Socket &listener) {
    Socket socket;
    if (rfctls_socket_accept(listener.get(), out(socket)) == RFCTLS_OK) {
      peer_.talk(socket, of_peer(), of_subject().all().size(), false);
      peer_.close(socket);
    }
  }

  void run_client() {
    Config own = config(RFCTLS_CLIENT, true);
    Socket listener = listen_on(config(RFCTLS_SERVER, false)), socket;
    std::string port = port_of(listener);
    std::thread peer([&] { serve_peer(listener); });
    begin();
    rfctls_status status = rfctls_socket_connect("127.0.0.1", port.c_str(), own.get(), out(socket));
    finish(socket, status == RFCTLS_OK || subject_.fail("connect", status));
    rfctls_socket_close(listener.get());  // in case nobody came
    peer.join();
  }

  void run_server() {
    Config own = config(RFCTLS_SERVER, true), other = config(RFCTLS_CLIENT, false);
    Socket listener, socket;
    std::thread peer;
    begin();
    rfctls_status status = rfctls_socket_listen("127.0.0.1", "0", own.get(), out(listener));
    bool made = status == RFCTLS_OK || subject_.fail("listen", status);
    if (made) {
      std::string port = known_port(listener);
      peer = std::thread([&, port] {
        Socket client;
        if (rfctls_socket_connect("127.0.0.1", port.c_str(), other.get(), out(client)) ==
            RFCTLS_OK) {
          peer_.talk(client, of_peer(), of_subject().all().size(), false);
          peer_.close(client);
        }
      });
      made = subject_.run("accept", listener,
                          [&] { return rfctls_socket_accept(listener.get(), out(socket)); });
    }
    finish(socket, made);
    listener.reset();
    if (peer.joinable()) {
      peer.join();
    }
  }

  // The system's word: the library may have been kept from learning it.
  static std::string known_port(const Socket &listener) {
    fault::Pause pause;
    sockaddr_in address = {};
    socklen_t size = sizeof address;
    int fd = static_cast<int>(rfctls_raw_fd(rfctls_socket_raw(listener.get())));
    getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size);
    return std::to_string(ntohs(address.sin_port));
  }

  void check() {
    result_.failure = subject_.failure;
    check_data();
    check_failure();
  }

  void check_data() {
    std::string to_us = of_peer().all(), to_peer = of_subject().all();
    if (!is_prefix(subject_.received, to_us) || !is_prefix(peer_.received, to_peer)) {
      violation("what was received is not the beginning of what was sent");
    }
    if (talked_ && (subject_.received != to_us || !subject_.ended)) {
      violation("it says that all came, and it did not");
    }
    if (talked_ && subject_.failure.status == RFCTLS_OK &&
        (peer_.received != to_peer || !peer_.ended)) {
      violation("the peer has not got all, and it does not say so");
    }
  }

  void check_failure() {
    const Failure &failure = subject_.failure;
    if (failure.status == RFCTLS_OK) {
      if (kind_ != nullptr && !kind_->statuses.empty() && result_.record.fired &&
          struck_before_close_) {
        violation("the failure was swallowed");
      }
      return;
    }
    if (failure.message.empty() || failure.origin.empty()) {
      violation("the failure says nothing");
    }
    const std::vector<rfctls_status> none;
    const std::vector<rfctls_status> &allowed = kind_ != nullptr ? kind_->statuses : none;
    if (std::find(allowed.begin(), allowed.end(), failure.status) == allowed.end()) {
      violation("it must not fail like this");
    } else if (kind_->code != 0 && kind_->call != fault::RESOLVE &&
               failure.system_code != kind_->code) {
      violation("the failure does not tell the system's code, but " +
                std::to_string(failure.system_code));
    }
  }

  void violation(const std::string &what) {
    const Failure &failure = subject_.failure;
    result_.violations.push_back(
        mode_.name() + ", " +
        (kind_ != nullptr ? std::string(fault::call_names[kind_->call]) + " " + kind_->name +
                                ", number " + std::to_string(nth_)
                          : "no fault") +
        ": " + what + " [" + failure.verb + ": " + rfctls_status_name(failure.status) + ": " +
        failure.message + "] received " + std::to_string(subject_.received.size()) + " and " +
        std::to_string(peer_.received.size()));
  }

  const Mode &mode_;
  const Kind *kind_;
  int nth_;
  int64_t timer_;
  End subject_, peer_;
  bool talked_ = false, struck_before_close_ = false;
  Clock::time_point begin_;
  int64_t begin_cpu_ = 0;
  Result result_;
};

// ---- all of them ----

std::vector<Mode> modes() {
  std::vector<Mode> all;
  for (rfctls_role role : {RFCTLS_CLIENT, RFCTLS_SERVER}) {
    for (bool blocking : {true, false}) {
      for (rfctls_tls_version version : {RFCTLS_TLS_1_2, RFCTLS_TLS_1_3}) {
        all.push_back({role, blocking, version});
      }
    }
  }
  return all;
}

// How often each call is made when all goes well; that differs a little from run to run.
fault::Counts usual_counts(const Mode &mode, std::vector<std::string> *violations) {
  fault::Counts most = {};
  for (int i = 0; i < 3; i++) {
    Result result = Session(mode, nullptr, 0, TIMER).run();
    for (size_t call = 0; call < fault::CALLS; call++) {
      most[call] = std::max(most[call], result.record.counts[call]);
    }
    violations->insert(violations->end(), result.violations.begin(), result.violations.end());
  }
  return most;
}

struct Tally {
  int tried = 0, struck = 0;
  std::map<std::string, int> ends;
};

int faults_of(const Kind &kind, const fault::Counts &counts) {
  int count = counts[kind.call];
  return kind.way == fault::EVERY_OTHER_ONE ? std::min(count, 2) : count;
}

void print(const std::map<const Kind *, Tally> &tallies) {
  int tried = 0, struck = 0;
  for (const auto &item : tallies) {
    const Kind &kind = *item.first;
    std::cout << std::left << std::setw(12) << fault::call_names[kind.call] << std::setw(24)
              << kind.name << std::right << std::setw(5) << item.second.struck << " times:";
    for (const auto &end : item.second.ends) {
      std::cout << "  " << end.first << ' ' << end.second;
    }
    std::cout << '\n';
    tried += item.second.tried;
    struck += item.second.struck;
  }
  std::cout << tried << " sessions, a fault struck in " << struck << '\n';
}

std::vector<std::string> try_kinds(const Mode &mode, bool (*wanted)(const Kind &),
                                   int64_t timer = TIMER) {
  std::vector<std::string> violations;
  std::map<const Kind *, Tally> tallies;
  fault::Counts counts = usual_counts(mode, &violations);
  for (const Kind &kind : fault::kinds()) {
    for (int nth = 1; wanted(kind) && nth <= faults_of(kind, counts); nth++) {
      Result result = Session(mode, &kind, nth, timer).run();
      Tally &tally = tallies[&kind];
      tally.tried++;
      if (result.record.fired) {
        tally.struck++;
        tally.ends[rfctls_status_name(result.failure.status)]++;
      }
      violations.insert(violations.end(), result.violations.begin(), result.violations.end());
    }
  }
  std::cout << "\n" << mode.name() << ":\n";
  print(tallies);
  std::cout << "violations: " << violations.size() << std::endl;
  return violations;
}

class EachCall : public testing::TestWithParam<Mode> {};
INSTANTIATE_TEST_SUITE_P(Faults, EachCall, testing::ValuesIn(modes()),
                         [](const auto &mode) { return mode.param.name(); });

TEST_P(EachCall, FailingInTurnLeavesTheSessionRightOrEndsItByName) {
  for (const std::string &text : try_kinds(GetParam(), [](const Kind &) { return true; })) {
    ADD_FAILURE() << text;
  }
}

// A library that overlooks one kind of failure is found out by the same trials.
TEST(Faults, ALibraryThatIgnoresFailedSendsIsCaught) {
  fault::ignore_failed_sends(true);
  std::vector<std::string> found = try_kinds(
      modes().front(),
      [](const Kind &kind) { return kind.call == fault::SEND && kind.code == EPIPE; }, 300);
  fault::ignore_failed_sends(false);
  EXPECT_GT(found.size(), 0u);
}

}  // namespace
