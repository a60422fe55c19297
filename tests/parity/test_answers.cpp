// What a program's verifier may answer, and what makes a socket lax: answers.tsv, by the function and by the
// return value, and laxness.tsv, in both roles.
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

// The rows of a table that concern C, as cells, without its head.
std::vector<std::vector<std::string>> rows_of(std::istream &&table, size_t ours) {
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream columns(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(columns, cell, '\t');) {
      cells.push_back(cell);
    }
    if (cells.at(ours) != "-") {
      rows.push_back(cells);
    }
  }
  return rows;
}

std::vector<std::vector<std::string>> parity(const std::string &name) {
  const std::string path = std::getenv("RFCTLS_SOURCE_DIR");
  return rows_of(std::ifstream(path + "/tests/parity/" + name), 4);
}

std::vector<Answer> answers() {
  std::vector<Answer> rows;
  for (const auto &cells : parity("answers.tsv")) {
    rows.push_back({std::stoi(cells[4]), cells.at(5) == "yes"});
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

// ---- laxness ----

void set(const Config &config, const std::string &function) {
  rfctls_status status = RFCTLS_OK;
  if (function == "rfctls_config_insecure_skip_verify") {
    status = rfctls_config_insecure_skip_verify(config.get());
  } else if (function == "rfctls_config_insecure_skip_name_check") {
    status = rfctls_config_insecure_skip_name_check(config.get());
  } else if (function == "rfctls_config_set_allow_truncation") {
    status = rfctls_config_set_allow_truncation(config.get(), 1);
  } else if (function == "rfctls_config_set_system_trust") {
    status = rfctls_config_set_system_trust(config.get(), 1);
  } else {
    ASSERT_EQ("", function);
  }
  require(status, function);
}

class Lax : public testing::TestWithParam<rfctls_role> {
 protected:
  // How the end in this role, with the option, ends with somebody who shows that; "": nothing.
  static rfctls_status judge(const std::string &function, const std::string &other) {
    const bool at_server = GetParam() == RFCTLS_SERVER;
    Config of_client = client_config(), of_server = server_config(at_server ? "server" : other);
    const std::string shown = at_server ? other : "client";
    if (!shown.empty()) {
      Identity own = load_identity(shown);
      require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), shown);
    }
    trust(of_server, "ca.pem");
    require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
    set(at_server ? of_server : of_client, function);
    Pair pair(of_client, of_server);
    const rfctls_status status = pair.shake();
    return at_server ? pair.server_status : status;
  }
};

INSTANTIATE_TEST_SUITE_P(Roles, Lax, testing::Values(RFCTLS_CLIENT, RFCTLS_SERVER),
                         [](const auto &each) {
                           return each.param == RFCTLS_CLIENT ? "client" : "server";
                         });

TEST_P(Lax, by_name_only) {
  const std::string role = GetParam() == RFCTLS_CLIENT ? "server" : "client";  // whom it judges
  for (const auto &row : parity("laxness.tsv")) {
    SCOPED_TRACE(row[0]);
    const bool all = row.at(5) == "all";
    EXPECT_EQ(RFCTLS_OK, judge(row[4], role));
    if (role == "client") {
      EXPECT_EQ(RFCTLS_E_VERIFY, judge(row[4], "")) << "no certificate";
      EXPECT_EQ(all ? RFCTLS_OK : RFCTLS_E_VERIFY, judge(row[4], "server")) << "a server's";
    }
    for (const auto &bad : rows_of(std::ifstream(pki_path("manifest.tsv")), 0)) {
      if (bad[1] == role && bad[2] == "bad" && bad[3] != "WEAK" &&
          bad[0].rfind("expired-", 0) != 0) {
        // What is weak cannot be shown, and what has two faults has another one below.
        const bool accepted = all || bad[3] == row[5];
        EXPECT_EQ(accepted ? RFCTLS_OK : RFCTLS_E_VERIFY, judge(row[4], bad[0])) << bad[0];
      }
    }
  }
}

}  // namespace
