// Chains: in order and whole or not at all; growing until they are in use, from any thread.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "pki/pki.h"
#include "support/memory.hpp"
#include "support/pki.hpp"

using namespace rfctls_test;

namespace {

rfctls_status load(const std::string &data, Chain &chain, const char *passphrase = nullptr) {
  return rfctls_chain_load(data.data(), data.size(), passphrase, out(chain));
}

rfctls_status from_file(const std::string &name, Chain &chain) {
  return rfctls_chain_from_file(pki_path(name).c_str(), nullptr, out(chain));
}

Cert a_cert() {
  const std::string der = pki_file("server.der");
  Cert cert;
  require(rfctls_cert_load(der.data(), der.size(), out(cert)), "server.der");
  return cert;
}

bool message_has(const std::string &part) {
  return std::string(rfctls_error_message()).find(part) != std::string::npos;
}

TEST(Chain, keeps_the_order_of_the_text) {
  Chain chain;
  ASSERT_EQ(RFCTLS_OK, load(pki_file("server.pem"), chain));
  ASSERT_EQ(2u, rfctls_chain_count(chain.get()));
  EXPECT_STREQ("CN=server.test,O=librfctls tests",
               rfctls_cert_subject(rfctls_chain_at(chain.get(), 0)));
  EXPECT_STREQ("CN=librfctls test intermediate,O=librfctls tests",
               rfctls_cert_subject(rfctls_chain_at(chain.get(), 1)));
  EXPECT_EQ(nullptr, rfctls_chain_at(chain.get(), 2));
}

TEST(Chain, passes_over_keys_between_certificates) {
  Chain chain;
  ASSERT_EQ(RFCTLS_OK, load(pki_file("server.key") + pki_file("both.pem"), chain));
  EXPECT_EQ(2u, rfctls_chain_count(chain.get()));
}

TEST(Chain, grows_one_by_one) {
  Chain chain;
  Cert cert = a_cert();
  ASSERT_EQ(RFCTLS_OK, rfctls_chain_new(out(chain)));
  EXPECT_EQ(0u, rfctls_chain_count(chain.get()));
  for (size_t i = 1; i <= 20; i++) {
    ASSERT_EQ(RFCTLS_OK, rfctls_chain_add(chain.get(), cert.get()));
    EXPECT_EQ(i, rfctls_chain_count(chain.get()));
  }
  cert.reset();
  EXPECT_STREQ("CN=server.test,O=librfctls tests",
               rfctls_cert_subject(rfctls_chain_at(chain.get(), 19)));
}

TEST(Chain, does_not_grow_once_it_is_in_use) {
  Chain chain = load_chain("server.pem");
  Cert cert = a_cert();
  rfctls__chain_freeze(chain.get());
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_chain_add(chain.get(), cert.get()));
  EXPECT_EQ(2u, rfctls_chain_count(chain.get()));
}

TEST(Chain, a_damaged_certificate_is_named_and_spoils_the_whole) {
  Chain chain;
  EXPECT_EQ(RFCTLS_E_PARSE, from_file("one-bad-ca.pem", chain));
  EXPECT_EQ(nullptr, chain.get());
  EXPECT_TRUE(message_has("one-bad-ca.pem: certificate 2, on line ")) << rfctls_error_message();
  EXPECT_STREQ("rfctls_chain_from_file", rfctls_error_origin());

  std::string pem = pki_file("server.pem");
  pem[pem.find('\n') + 1] = '!';
  EXPECT_EQ(RFCTLS_E_PARSE, load("\n\n" + pem, chain));
  EXPECT_STREQ("certificate 1, on line 3: PEM block CERTIFICATE is not base64",
               rfctls_error_message());
}

TEST(Chain, a_text_without_a_certificate_is_refused) {
  Chain chain;
  EXPECT_EQ(RFCTLS_E_PARSE, load("", chain));
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("server.key"), chain));
  EXPECT_EQ(RFCTLS_E_PARSE, from_file("garbage.pem", chain));
  EXPECT_TRUE(message_has("garbage.pem")) << rfctls_error_message();
  EXPECT_EQ(RFCTLS_E_PARSE, from_file("truncated.pem", chain));
  EXPECT_EQ(nullptr, chain.get());
}

TEST(Chain, a_file_may_be_der) {
  Chain chain;
  ASSERT_EQ(RFCTLS_OK, from_file("server.der", chain));
  EXPECT_EQ(1u, rfctls_chain_count(chain.get()));
  EXPECT_EQ(RFCTLS_E_PARSE, from_file("server.p12", chain));
  EXPECT_TRUE(message_has("server.p12")) << rfctls_error_message();
}

TEST(Chain, a_file_that_cannot_be_opened_is_named) {
  Chain chain;
  EXPECT_EQ(RFCTLS_E_SYSTEM, from_file("no-such-file.pem", chain));
  EXPECT_TRUE(message_has("no-such-file.pem")) << rfctls_error_message();
  EXPECT_NE(0, rfctls_error_system_code());
  EXPECT_EQ(RFCTLS_E_SYSTEM, from_file("", chain));
  EXPECT_EQ(nullptr, chain.get());
}

TEST(Chain, is_made_of_what_an_engine_answered) {
  const std::string der = pki_file("server.der");
  rfctls__list list = {};
  Chain chain;
  ASSERT_EQ(RFCTLS_OK, rfctls__list_add(&list, der.data(), der.size()));
  EXPECT_EQ(RFCTLS_OK, rfctls__chain_from_list(&list, out(chain)));
  EXPECT_EQ(1u, rfctls_chain_count(chain.get()));
  ASSERT_EQ(RFCTLS_OK, rfctls__list_add(&list, "garbage", 7));
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls__chain_from_list(&list, out(chain)));
  EXPECT_EQ(nullptr, chain.get());
  rfctls__list_release(&list);
}

TEST(Chain, null_is_an_argument_error_and_empty_for_getters) {
  Chain chain;
  Cert cert = a_cert();
  ASSERT_EQ(RFCTLS_OK, rfctls_chain_new(out(chain)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_chain_new(nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_chain_add(nullptr, cert.get()));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_chain_add(chain.get(), nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_chain_load("", 0, nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_chain_from_file("", nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_chain_from_file(nullptr, nullptr, out(chain)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_chain_load(nullptr, 1, nullptr, out(chain)));
  EXPECT_EQ(0u, rfctls_chain_count(nullptr));
  EXPECT_EQ(nullptr, rfctls_chain_at(nullptr, 0));
  EXPECT_EQ(nullptr, rfctls_chain_ref(nullptr));
  rfctls_chain_unref(nullptr);
}

TEST(Chain, several_threads_may_add_read_and_freeze_it) {
  Chain chain;
  Cert cert = a_cert();
  ASSERT_EQ(RFCTLS_OK, rfctls_chain_new(out(chain)));
  std::atomic<size_t> added{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; i++) {
    threads.emplace_back([&] {
      while (rfctls_chain_add(chain.get(), cert.get()) == RFCTLS_OK) {
        added++;
      }
    });
  }
  while (rfctls_chain_count(chain.get()) < 100) {
    EXPECT_EQ(nullptr, rfctls_chain_at(chain.get(), SIZE_MAX));
  }
  rfctls__chain_freeze(chain.get());
  const size_t frozen_at = rfctls_chain_count(chain.get());
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(frozen_at, rfctls_chain_count(chain.get()));
  EXPECT_EQ(frozen_at, added);
  EXPECT_EQ(cert.get(), rfctls_chain_at(chain.get(), frozen_at - 1));
}

TEST(Chain, running_out_of_memory_leaves_nothing_behind) {
  for (const char *name : {"server.pem", "chain.p7b", "ber.p7b.der"}) {
    const std::string path = pki_path(name);
    for_each_failing_allocation([&] {
      Chain chain;
      rfctls_status status = rfctls_chain_from_file(path.c_str(), nullptr, out(chain));
      EXPECT_EQ(status == RFCTLS_OK, rfctls_chain_count(chain.get()) == 2);
      return status;
    });
  }
}

}  // namespace
