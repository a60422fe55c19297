// Which configs share what the engine made, for how long, and what is left of it to a child process? On a
// scripted engine, and a clock that moves when it is told to.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "../engine/script_engine.h"
#include "script_os.hpp"
#include "support/handles.hpp"
#include "support/memory.hpp"
#include "tls/config.h"
#include "tls/session_cache.h"

using namespace rfctls_test;
using script_os::state;

namespace {

class Share : public testing::Test {
 protected:
  Share() {
    state = script_os::State();
    script = script_engine();
    rfctls__shared_contexts_forget();
    rfctls__sessions_forget();
  }

  // Equal to all others of its number.
  static Config make(int number = 0) {
    Config made;
    EXPECT_EQ(RFCTLS_OK, rfctls_config_new(RFCTLS_CLIENT, out(made)));
    EXPECT_EQ(RFCTLS_OK, rfctls_config_add_protocol(made.get(), std::to_string(number).c_str()));
    return made;
  }

  static rfctls__shared_context *freeze(const Config &config) {
    EXPECT_EQ(RFCTLS_OK, rfctls__config_freeze(config.get()));
    return config->shared;
  }

  // Whether an equal config would find something.
  static bool is_known(int number) {
    uint8_t digest[RFCTLS__DIGEST_SIZE];
    EXPECT_EQ(RFCTLS_OK, rfctls__config_digest(make(number).get(), digest));
    rfctls__shared_context *found = rfctls__shared_context_find(digest);
    rfctls__shared_context_unref(found);
    return found != nullptr;
  }
};

TEST_F(Share, equal_configs_are_one_and_others_are_not) {
  Config one = make(), same = make(), other = make(1);
  EXPECT_EQ(freeze(one), freeze(same));
  EXPECT_NE(freeze(one), freeze(other));
}

TEST_F(Share, lasts_a_while_beyond_the_config) {
  freeze(make());
  state.now += RFCTLS__SHARED_IDLE;
  EXPECT_TRUE(is_known(0));
  state.now += RFCTLS__SHARED_IDLE;
  EXPECT_TRUE(is_known(0)) << "it was used in between";
  state.now += RFCTLS__SHARED_IDLE + 1;
  freeze(make(1));
  EXPECT_FALSE(is_known(0));
}

TEST_F(Share, of_what_is_unused_the_oldest_makes_room) {
  for (int i = 0; i < RFCTLS__SHARED + 1; i++) {
    state.now++;
    freeze(make(i));
  }
  EXPECT_FALSE(is_known(0));
  for (int i = 1; i < RFCTLS__SHARED + 1; i++) {
    EXPECT_TRUE(is_known(i)) << i;
  }
}

TEST_F(Share, what_is_in_use_stays_and_what_finds_no_place_is_its_configs_alone) {
  std::vector<Config> used;
  for (int i = 0; i < RFCTLS__SHARED; i++) {
    used.push_back(make(i));
    freeze(used.back());
  }
  Config late = make(99), same = make(99);
  EXPECT_NE(freeze(late), freeze(same));
  EXPECT_TRUE(is_known(0));
}

TEST_F(Share, many_threads_that_freeze_at_once_find_one) {
  for (int round = 0; round < 20; round++) {
    std::vector<std::thread> threads;
    std::vector<Config> configs;
    std::atomic<int> ready{0};
    for (int i = 0; i < 8; i++) {
      configs.push_back(make(round));
    }
    for (int i = 0; i < 16; i++) {  // two for each config
      threads.emplace_back([&, i] {
        for (ready++; ready < 16;) {
          std::this_thread::yield();
        }
        freeze(configs[i % 8]);
      });
    }
    for (std::thread &each : threads) {
      each.join();
    }
    for (const Config &each : configs) {
      EXPECT_EQ(configs[0]->shared, each->shared);
      EXPECT_EQ(8u, each->shared->refs);
    }
  }
}

// ---- a child process ----

int status_of(pid_t child) {
  int ended = -1;
  EXPECT_EQ(child, waitpid(child, &ended, 0));
  return ended;
}

TEST_F(Share, a_child_begins_anew) {
  Config of_parent = make(), unused = make(1);
  rfctls__shared_context *made = freeze(of_parent);
  freeze(unused);
  unused.reset();
  const pid_t child = fork();
  if (child == 0) {
    const bool fresh = !is_known(0) && !is_known(1);
    rfctls__shared_context *own = freeze(of_parent);
    _exit(fresh && own != made && own == freeze(make()) ? 0 : 1);
  }
  EXPECT_EQ(0, status_of(child));
  EXPECT_EQ(made, freeze(of_parent));
}

rfctls_session *new_session(const rfctls__session_key *key) {
  const uint8_t byte = 1;
  rfctls__session *held = nullptr;
  EXPECT_EQ(RFCTLS_OK, rfctls__engine_linked.session_from_bytes({&byte, 1}, &held));
  return rfctls__session_new(held, key, "server.test", "imap");
}

TEST_F(Share, a_child_takes_no_session_of_its_parent) {
  rfctls__session_key key = {};
  Session session(new_session(&key));
  rfctls__session_keep(session.get(), &key, "imap");
  const pid_t child = fork();
  if (child == 0) {
    const bool none = rfctls__session_take_kept(&key, "imap") == nullptr;
    rfctls__sessions_expire();
    Session own(new_session(&key));
    rfctls__session_keep(own.get(), &key, "imap");
    Session taken(rfctls__session_take_kept(&key, "imap"));
    _exit(none && taken == own ? 0 : 1);
  }
  EXPECT_EQ(0, status_of(child));
  EXPECT_EQ(session, Session(rfctls__session_take_kept(&key, "imap")));
}

// Whatever other threads do when it is made.
TEST_F(Share, a_child_waits_for_no_lock_of_its_parent) {
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; i++) {
    threads.emplace_back([&, i] {
      rfctls__session_key key = {};
      while (!over) {
        freeze(make(i));
        Session session(new_session(&key));
        rfctls__session_keep(session.get(), &key, "imap");
        rfctls_session_unref(rfctls__session_take_kept(&key, "imap"));
      }
    });
  }
  for (int i = 0; i < 100; i++) {
    const pid_t child = fork();
    if (child == 0) {
      rfctls__session_key key = {};
      alarm(10);
      freeze(make(0));
      freeze(make(5));
      rfctls__sessions_expire();
      _exit(rfctls__session_take_kept(&key, "imap") == nullptr ? 0 : 1);
    }
    EXPECT_EQ(0, status_of(child)) << i;
  }
  over = true;
  for (std::thread &each : threads) {
    each.join();
  }
}

TEST_F(Share, running_out_of_memory_leaves_nothing_behind) {
  for_each_failing_allocation([] {
    Config config;
    rfctls_status status = rfctls_config_new(RFCTLS_CLIENT, out(config));
    rfctls__shared_contexts_forget();
    return status == RFCTLS_OK ? rfctls__config_freeze(config.get()) : status;
  });
}

}  // namespace
