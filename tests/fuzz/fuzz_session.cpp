// A session that a program has kept: the input is its bytes. One that is read is offered to a server.
#include "fuzz/input.hpp"

using namespace rfctls_test;
using namespace rfctls_test::fuzz;

namespace {

const Config &client() {
  static Config config;
  if (!config) {
    must(rfctls_config_new(RFCTLS_CLIENT, out(config)) == RFCTLS_OK, "a config");
    must(rfctls_config_set_server_name(config.get(), "server.test") == RFCTLS_OK, "a name");
  }
  return config;
}

void offer(const Session &session) {
  Raw raw;
  Socket socket;
  must(rfctls_raw_memory(out(raw)) == RFCTLS_OK, "memory");
  must(rfctls_socket_wrap(raw.get(), client().get(), out(socket)) == RFCTLS_OK, "a socket");
  answered(rfctls_socket_set_session(socket.get(), session.get()));
  must(answered(rfctls_socket_handshake(socket.get())) == RFCTLS_WANT_READ, "a hello");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Session session;
  if (answered(rfctls_session_from_bytes(data, size, out(session))) != RFCTLS_OK) {
    return 0;
  }
  Session again;
  size_t count = 0;
  const void *bytes = rfctls_session_bytes(session.get(), &count);
  must(bytes != nullptr && rfctls_session_from_bytes(bytes, count, out(again)) == RFCTLS_OK,
       "what is saved is read");
  offer(session);
  return 0;
}
