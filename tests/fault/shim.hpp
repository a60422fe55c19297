// System calls of the library that fail when a test says so. Linked with --wrap, a call passes here on its
// way; on a thread that has armed a fault the nth one of its kind comes to grief, all others reach the
// system.
#ifndef RFCTLS_TESTS_SHIM_HPP
#define RFCTLS_TESTS_SHIM_HPP

#include <array>
#include <vector>

#include "rfctls/status.h"

namespace rfctls_test::fault {

enum Call {
  SOCKET,
  CONNECT,
  BIND,
  LISTEN,
  ACCEPT,
  SEND,
  RECV,
  SLEEP,   // ppoll
  LOOK,    // poll, which never waits
  OPTION,  // setsockopt
  ASK,     // getsockopt
  SHUTDOWN,
  OUR_END,   // getsockname
  PEER_END,  // getpeername
  QUEUE,     // ioctl: what is not acknowledged
  WAKER,     // eventfd
  RESOLVE,   // getaddrinfo: the code is its own
  CLOSE,
  CALLS
};

extern const char *const call_names[CALLS];

enum Way {
  FAILS,            // does nothing, and says that it failed with the code
  DONE_BUT,         // does it, and says that it failed
  SHORT,            // one byte at most
  NOTHING,          // nothing came: the end, or a sleep that was too short
  TELLS,            // getsockopt: the connection ended with the code
  STALLS,           // from here on nothing comes any more
  EVERY_OTHER_ONE,  // from here on every other call fails
};

struct Kind {
  Call call;
  const char *name;
  Way way;
  int code;
  std::vector<rfctls_status> statuses;  // as which the session may fail; none: it must not
};

const std::vector<Kind> &kinds();

// ---- of this thread ----

using Counts = std::array<int, CALLS>;

// nth 1 is the first call from here on. kind NULL: only counts.
void arm(const Kind *kind, int nth);
struct Record {
  Counts counts;
  bool fired;
};
// Ends it, and tells.
Record disarm();
bool has_fired();

// Nothing is counted, and nothing fails, for as long as it lives: what a test asks the system itself.
class Pause {
 public:
  Pause();
  ~Pause();
  Pause(const Pause &) = delete;
  Pause &operator=(const Pause &) = delete;

 private:
  bool was_armed_;
};

// The negative control: the library is told that a send which failed went well.
void ignore_failed_sends(bool ignore);

}  // namespace rfctls_test::fault

#endif
