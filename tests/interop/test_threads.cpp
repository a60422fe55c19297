// May one thread read while another writes and a third closes, on one connection?
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <future>
#include <random>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

constexpr size_t kBlock = 256 * 1024;

// Sends `total` bytes of the pattern; answers how the last send ended.
rfctls_status send_pattern(const Socket &socket, uint64_t total) {
  std::vector<unsigned char> block(kBlock);
  for (uint64_t offset = 0; offset < total;) {
    size_t size = static_cast<size_t>(std::min<uint64_t>(kBlock, total - offset));
    size_t sent = 0;
    fill_pattern(block.data(), size, offset);
    rfctls_status status = rfctls_socket_send(socket.get(), 0, block.data(), size, &sent);
    offset += sent;
    if (status != RFCTLS_OK) {
      return status;
    }
  }
  return RFCTLS_OK;
}

struct Received {
  uint64_t count = 0;
  bool exact = true;
  rfctls_status status = RFCTLS_OK;
};

// Receives until `total` bytes have come, or the end, or a failure.
Received receive_pattern(const Socket &socket, uint64_t total) {
  Received result;
  std::vector<unsigned char> block(kBlock), expected(kBlock);
  while (result.count < total) {
    size_t got = 0;
    result.status = rfctls_socket_recv(socket.get(), 0, block.data(), kBlock, &got);
    if (result.status != RFCTLS_OK || got == 0) {
      break;
    }
    fill_pattern(expected.data(), got, result.count);
    result.exact &= memcmp(block.data(), expected.data(), got) == 0;
    result.count += got;
  }
  return result;
}

class Threads : public testing::TestWithParam<rfctls_tls_version> {};

INSTANTIATE_TEST_SUITE_P(Versions, Threads, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),
                         [](const auto &each) {
                           return each.param == RFCTLS_TLS_1_2 ? "tls12" : "tls13";
                         });

TEST_P(Threads, full_duplex_100_mib_each_way_is_exact) {
  constexpr uint64_t kTotal = 100 * 1024 * 1024;
  Pair pair(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  rfctls_status client_sent = RFCTLS_E_INTERNAL, server_sent = RFCTLS_E_INTERNAL;
  Received at_server;
  std::thread a([&] { client_sent = send_pattern(pair.client, kTotal); });
  std::thread b([&] { server_sent = send_pattern(pair.server, kTotal); });
  std::thread c([&] { at_server = receive_pattern(pair.server, kTotal); });
  Received at_client = receive_pattern(pair.client, kTotal);
  a.join();
  b.join();
  c.join();
  EXPECT_EQ(RFCTLS_OK, client_sent);
  EXPECT_EQ(RFCTLS_OK, server_sent);
  EXPECT_EQ(kTotal, at_client.count);
  EXPECT_EQ(kTotal, at_server.count);
  EXPECT_TRUE(at_client.exact);
  EXPECT_TRUE(at_server.exact);
}

TEST_P(Threads, close_by_a_third_thread_ends_reader_and_writer) {
  using namespace std::chrono;
  constexpr int kRuns = 100;  // on both versions: 200
  Config of_client = client_config(GetParam()), of_server = server_config("server", GetParam());
  std::mt19937 random(20260801);
  for (int run = 0; run < kRuns; run++) {
    Pair pair(of_client, of_server);
    ASSERT_EQ(RFCTLS_OK, pair.shake());
    uint64_t when = std::uniform_int_distribution<uint64_t>(0, 4 * 1024 * 1024)(random);
    std::atomic<uint64_t> read_so_far{0};
    rfctls_status reader = RFCTLS_OK, writer = RFCTLS_OK;
    bool exact = true;
    Received at_server;

    std::thread echo_in([&] { at_server = receive_pattern(pair.server, UINT64_MAX); });
    std::thread echo_out([&] { send_pattern(pair.server, UINT64_MAX); });
    std::thread reading([&] {
      std::vector<unsigned char> block(kBlock), expected(kBlock);
      while (reader == RFCTLS_OK) {
        size_t got = 0;
        reader = rfctls_socket_recv(pair.client.get(), 0, block.data(), kBlock, &got);
        fill_pattern(expected.data(), got, read_so_far);
        exact &= memcmp(block.data(), expected.data(), got) == 0;
        read_so_far += got;
      }
    });
    std::thread writing([&] { writer = send_pattern(pair.client, UINT64_MAX); });
    while (read_so_far < when) {
      std::this_thread::yield();
    }
    auto begin = steady_clock::now();
    rfctls_socket_close(pair.client.get());
    reading.join();
    writing.join();
    auto took = steady_clock::now() - begin;
    rfctls_socket_close(pair.server.get());
    echo_in.join();
    echo_out.join();
    ASSERT_EQ(RFCTLS_E_CLOSED, reader) << "run " << run;
    ASSERT_EQ(RFCTLS_E_CLOSED, writer) << "run " << run;
    ASSERT_TRUE(exact && at_server.exact) << "what came is a prefix; run " << run;
    ASSERT_LT(took, seconds(1)) << "run " << run;
  }
}

TEST_P(Threads, two_receivers_and_two_records_in_one_segment_both_return) {
  constexpr size_t kRecord = 16384;  // the most that one holds: one byte more makes two of them
  for (int run = 0; run < 50; run++) {
    Pair pair(GetParam());
    ASSERT_EQ(RFCTLS_OK, pair.shake());
    rfctls_socket_set_timeout(pair.client.get(), RFCTLS_TIMER_READ, 5000);
    std::atomic<size_t> total{0};
    auto one = [&] {
      std::vector<char> buffer(kRecord);
      size_t got = 0;
      EXPECT_EQ(RFCTLS_OK, rfctls_socket_recv(pair.client.get(), 0, buffer.data(), kRecord, &got));
      EXPECT_GE(got, 1u);
      total += got;
    };
    std::thread first(one), second(one);
    ASSERT_EQ(RFCTLS_OK, send_all(pair.server, std::string(kRecord + 1, 'x')));
    first.join();
    second.join();
    ASSERT_EQ(kRecord + 1, total);
  }
}

TEST_P(Threads, a_blocked_reader_does_not_stop_a_writer) {
  Pair pair(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  std::thread reading([&] { EXPECT_EQ("answer", receive(pair.client)); });
  ASSERT_EQ(RFCTLS_OK, send_all(pair.client, "question"));
  ASSERT_EQ("question", receive(pair.server));
  ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "answer"));
  reading.join();
}

TEST_P(Threads, one_config_serves_many_threads) {
  Config of_client = client_config(GetParam()), of_server = server_config("server", GetParam());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) {
    threads.emplace_back([&] {
      for (int j = 0; j < 5; j++) {
        Pair pair(of_client, of_server);
        EXPECT_EQ(RFCTLS_OK, pair.shake());
        EXPECT_EQ(RFCTLS_OK, send_all(pair.client, "x"));
        EXPECT_EQ("x", receive(pair.server));
      }
    });
  }
  for (auto &thread : threads) {
    thread.join();
  }
}

uint64_t resident_bytes() {
  uint64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// What AddressSanitizer withholds from being used again would count as resident.
extern "C" const char *__asan_default_options() {
  return "quarantine_size_mb=4";
}

TEST(SlowReader, gets_a_gib_whole_and_memory_stays_flat) {
  constexpr uint64_t kBlocks = 1024 * 1024 * 1024 / kBlock;
  Pair pair;
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  std::vector<unsigned char> block(kBlock);
  fill_pattern(block.data(), kBlock, 0);
  const uint64_t before = resident_bytes();
  std::thread sender([&] {
    std::vector<unsigned char> numbered = block;
    for (uint64_t i = 0; i < kBlocks; i++) {
      size_t sent = 0;
      memcpy(numbered.data(), &i, sizeof i);
      ASSERT_EQ(RFCTLS_OK,
                rfctls_socket_send(pair.server.get(), 0, numbered.data(), kBlock, &sent));
    }
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(pair.server.get()));
  });
  std::vector<unsigned char> got(kBlock);
  uint64_t most = before, bad = 0;
  for (uint64_t i = 0; i < kBlocks; i++) {
    size_t received = 0;
    ASSERT_EQ(RFCTLS_OK,
              rfctls_socket_recv(pair.client.get(), RFCTLS_WAITALL, got.data(), kBlock, &received));
    memcpy(block.data(), &i, sizeof i);
    bad += received != kBlock || got != block;
    if (i % 64 == 0) {
      most = std::max(most, resident_bytes());
    }
    if (i % 16 == 0) {
      std::this_thread::yield();  // the sender, who never waits for anything else, is ahead
    }
  }
  sender.join();
  EXPECT_EQ(0u, bad);
  EXPECT_LT(most - before, 16u * 1024 * 1024);
}

// A verifier that takes its time, until others have used what it may not hold.
struct Slow {
  std::promise<void> asked;
  std::future<bool> others_done;
};

int decide_late(void *userdata, rfctls_socket *) {
  auto *slow = static_cast<Slow *>(userdata);
  slow->asked.set_value();
  return slow->others_done.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
}

TEST_P(Threads, a_slow_verifier_holds_no_lock) {
  Slow slow;
  std::promise<bool> others;
  slow.others_done = others.get_future();
  Config slow_config = client_config(GetParam());
  ASSERT_EQ(RFCTLS_OK, rfctls_config_set_verifier(slow_config.get(), decide_late, &slow, nullptr));
  Pair pair(slow_config, server_config("server", GetParam()));
  std::thread other([&] {
    slow.asked.get_future().wait();
    EXPECT_EQ(RFCTLS_CLIENT, rfctls_socket_role(pair.client.get()));
    EXPECT_EQ(RFCTLS_TLS_ANY, rfctls_socket_tls_version(pair.client.get()));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_set_timeout(pair.client.get(), RFCTLS_TIMER_READ, 20000));
    Socket same = connect_to(pair.listener, slow_config);  // the config is free
    Pair usual(GetParam());
    EXPECT_EQ(RFCTLS_OK, usual.shake());
    others.set_value(true);
  });
  EXPECT_EQ(RFCTLS_OK, pair.shake()) << rfctls_error_message();
  other.join();
}

TEST_P(Threads, errors_belong_to_the_thread_that_met_them) {
  Pair pair(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  std::thread other([] {
    Cert cert;
    EXPECT_EQ(RFCTLS_E_PARSE, rfctls_cert_load("junk", 4, out(cert)));
    EXPECT_STREQ("rfctls_cert_load", rfctls_error_origin());
  });
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_handshake(pair.client.get()));
  other.join();
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_error_status());
  EXPECT_STREQ("rfctls_socket_handshake", rfctls_error_origin());
}

}  // namespace
