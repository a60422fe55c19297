// What a program's verifier may answer: answers.tsv, by the function and by the return value, in both roles.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "rfctls.h"
#include "support/pair.hpp"
#include "support/pki.hpp"

using namespace rfctls_test;

namespace {

struct Answer {
  int value;
  bool accepted;
};

std::vector<Answer> answers() {
  std::ifstream table(std::string(std::getenv("RFCTLS_SOURCE_DIR")) + "/tests/parity/answers.tsv");
  std::vector<Answer> rows;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream columns(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(columns, cell, '\t');) {
      cells.push_back(cell);
    }
    if (cells.at(4) != "-") {
      rows.push_back({std::stoi(cells[4]), cells.at(5) == "yes"});
    }
  }
  return rows;
}

int RFCTLS_CALL answer_as_told(void *answer, rfctls_socket *) {
  return *static_cast<int *>(answer);
}

// The version, whether the server is asked, and whether by a function.
class Answers : public testing::TestWithParam<std::tuple<rfctls_tls_version, bool, bool>> {
 protected:
  // Both ends show a certificate that the library would take.
  static Pair make(int *answer) {
    auto [version, at_server, by_function] = GetParam();
    Config of_client = client_config(), of_server = server_config("server", version);
    Identity identity = load_identity("client");
    require(rfctls_config_set_identity(of_client.get(), identity.chain.get(), identity.key.get()),
            "identity");
    trust(of_server, "ca.pem");
    require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
    Config &asking = at_server ? of_server : of_client;
    require(by_function ? rfctls_config_set_verifier(asking.get(), answer_as_told, answer, nullptr)
                        : rfctls_config_set_asking(asking.get(), 1, 0),
            "question");
    return Pair(of_client, of_server);
  }

  static rfctls_status shake(Socket &socket, int answer) {
    rfctls_status status = rfctls_socket_handshake(socket.get());
    if (status == RFCTLS_WANT_VERIFY) {
      EXPECT_GT(rfctls_socket_finding_count(socket.get()), 0u);
      EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(socket.get(), answer));
      status = rfctls_socket_handshake(socket.get());
    }
    return status;
  }
};

INSTANTIATE_TEST_SUITE_P(Everywhere, Answers,
                         testing::Combine(testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),
                                          testing::Bool(), testing::Bool()));

TEST_P(Answers, only_1_is_a_yes) {
  std::vector<Answer> rows = answers();
  ASSERT_GT(rows.size(), 4u);
  for (Answer row : rows) {
    SCOPED_TRACE(row.value);
    Pair pair = make(&row.value);
    Socket &asked = std::get<1>(GetParam()) ? pair.server : pair.client;
    Socket &other = std::get<1>(GetParam()) ? pair.client : pair.server;
    std::thread shaking([&] { (void)rfctls_socket_handshake(other.get()); });
    rfctls_status status = shake(asked, row.value);
    rfctls_reason reason = rfctls_error_verify_reason();
    shaking.join();
    EXPECT_EQ(row.accepted ? RFCTLS_OK : RFCTLS_E_VERIFY, status);
    EXPECT_EQ(row.accepted ? RFCTLS_REASON_NONE : RFCTLS_REASON_REFUSED, reason);
  }
}

}  // namespace
