// A platform that does what a script says: every system call of net/os.h takes its outcome from a
// queue, and time passes only when the script lets it (link with --wrap=rfctls__now).
#ifndef RFCTLS_TESTS_SCRIPT_OS_HPP
#define RFCTLS_TESTS_SCRIPT_OS_HPP

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/os.h"

namespace script_os {

struct Recv {
  rfctls_status status;  // OK with no bytes is the end of TCP
  std::string bytes;
};

struct Send {
  rfctls_status status;
  size_t most;  // how many bytes it takes, for OK
};

enum class Poll {
  ready,   // what was asked for has happened
  error,   // the descriptor reports an error
  signal,  // EINTR
  timeout  // the whole time passes
};

struct State {
  std::deque<Recv> recvs;  // empty: would block
  std::deque<Send> sends;  // empty: takes all
  std::deque<Poll> polls;  // empty: timeout; without a deadline the test fails
  std::vector<std::string> addresses = {"192.0.2.1"};  // what any name resolves to
  std::deque<rfctls_status> connects;                  // for those that `attempts` does not name
  std::map<std::string, std::deque<rfctls_status>> attempts;  // by address; the last one stays
  std::vector<std::string> connected_to;                      // addresses, as they were tried
  std::deque<rfctls_status> accepts;
  std::function<void()> on_poll;  // runs inside the sleep, as another thread would
  std::string sent;               // all that left
  uint32_t polled_events = 0;     // of the last poll, for the socket's descriptor
  int poll_count = 0;
  bool listens = false;
  bool finished = false;  // FIN was sent
  int closed = 0;         // descriptors closed
  int woken = 0;
  int64_t unacknowledged = 0;
  int64_t now = 1000000000;
};

extern State state;

}  // namespace script_os

#endif
