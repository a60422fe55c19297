// Accepting, on a scripted platform: what if nobody comes, or descriptors are short?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

class Accept : public Drive {
 protected:
  void SetUp() override {
    rfctls_chain *chain = nullptr;
    rfctls_key *key = nullptr;
    Drive::SetUp();
    rfctls_config_unref(config);
    ASSERT_EQ(RFCTLS_OK, rfctls_config_new(RFCTLS_SERVER, &config));
    ASSERT_EQ(RFCTLS_OK, rfctls_identity_self_signed("server.test", &chain, &key));
    ASSERT_EQ(RFCTLS_OK, rfctls_config_set_identity(config, chain, key));
    rfctls_chain_unref(chain);
    rfctls_key_unref(key);
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_listen(nullptr, "0", config, &socket));
  }

  rfctls_status accept() {
    rfctls_status status = rfctls_socket_accept(socket, &accepted);
    rfctls_socket_unref(accepted);
    return status;
  }

  rfctls_socket *accepted = nullptr;
};

TEST_F(Accept, waits_for_a_connection) {
  state.accepts = {RFCTLS_WANT_READ, RFCTLS_OK};
  state.polls = {Poll::signal, Poll::ready};
  EXPECT_EQ(RFCTLS_OK, accept());
}

TEST_F(Accept, ends_at_its_timer) {
  rfctls_socket_set_timeout(socket, RFCTLS_TIMER_ACCEPT, 200);
  int64_t begin = state.now;
  EXPECT_EQ(RFCTLS_E_TIMEOUT, accept());
  EXPECT_GE(state.now - begin, 200 * 1000000);
  EXPECT_EQ(nullptr, accepted);
}

TEST_F(Accept, survives_a_lack_of_descriptors) {
  state.accepts = {RFCTLS_E_SYSTEM, RFCTLS_OK};
  EXPECT_EQ(RFCTLS_E_SYSTEM, accept());
  EXPECT_EQ(RFCTLS_OK, accept());
}

TEST_F(Accept, is_for_listeners_and_listeners_only_accept) {
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_E_STATE, send("x"));
  EXPECT_EQ(RFCTLS_E_STATE, recv());
}

TEST_F(Accept, close_wakes_the_accepting_thread) {
  state.on_poll = [&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket)); };
  EXPECT_EQ(RFCTLS_E_CLOSED, accept());
  EXPECT_EQ(1, state.closed);
}

}  // namespace
