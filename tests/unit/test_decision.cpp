// What a handshake asks of the program: who answers, and what does the answer do?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

int refuse(void *, rfctls_socket *) {
  return 0;
}

int close_inside(void *, rfctls_socket *socket) {
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  return 1;
}

TEST_F(Drive, a_question_goes_to_the_caller_and_an_answer_goes_on) {
  script.question = RFCTLS_WANT_VERIFY;
  rfctls_config_set_asking(config, 1, 0);
  wrap();
  give(hello);
  EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(socket)) << "it is still open";
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_answer_identity(socket, nullptr, nullptr));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(socket, 1));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_answer_verify(socket, 1)) << "only once";
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(1, script.answers);
}

TEST_F(Drive, a_refusal_by_the_function_fails_the_handshake) {
  script.question = RFCTLS_WANT_VERIFY;
  rfctls_config_set_verifier(config, refuse, nullptr, nullptr);
  wrap();
  give(hello);
  EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_REASON_REFUSED, rfctls_error_verify_reason());
}

int answer_as_told(void *answer, rfctls_socket *) {
  return *static_cast<int *>(answer);
}

TEST_F(Drive, an_answer_of_the_verifier_that_is_not_1_is_a_no) {
  for (int answer : {0, 2, -1, 256, INT_MIN, INT_MAX}) {
    TearDown();
    SetUp();
    script.question = RFCTLS_WANT_VERIFY;
    ASSERT_EQ(RFCTLS_OK, rfctls_config_set_verifier(config, answer_as_told, &answer, nullptr));
    wrap();
    give(hello);
    EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket)) << answer;
  }
}

TEST_F(Drive, nobody_can_accept_where_there_is_no_finding) {
  int yes = 1;
  script.question = RFCTLS_WANT_VERIFY;
  script.unseen = 1;
  for (int asks : {0, 1}) {
    rfctls_config_set_asking(config, asks, 0);
    rfctls_config_set_verifier(config, asks ? nullptr : answer_as_told, &yes, nullptr);
    wrap();
    give(hello);
    EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket));
    EXPECT_EQ(RFCTLS_REASON_MISSING, rfctls_error_verify_reason());
    EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_answer_verify(socket, 1));
    EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket));
    EXPECT_EQ(0u, rfctls_socket_finding_count(socket));
    TearDown();
    SetUp();
    script.question = RFCTLS_WANT_VERIFY;
    script.unseen = 1;
  }
  EXPECT_EQ(0, script.answers);
}

TEST_F(Drive, closing_inside_the_verifier_ends_the_handshake) {
  script.question = RFCTLS_WANT_VERIFY;
  rfctls_config_set_verifier(config, close_inside, nullptr, nullptr);
  wrap();
  give(hello);
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_handshake(socket));
  EXPECT_EQ(1, state.closed);
}

}  // namespace
