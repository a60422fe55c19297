// Streams: do lines, whole answers and small writes come through whole, whatever the pieces, and does
// nothing get lost when a timer runs out or a call wants?
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/deadline.h"
#include "support/memory.hpp"
#include "support/pair.hpp"

namespace {

using namespace rfctls_test;

std::string message() {
  return rfctls_error_message();
}

Stream open(const Socket &socket, int close_socket = 0) {
  Stream stream;
  require(rfctls_stream_open(socket.get(), close_socket, out(stream)), "stream");
  return stream;
}

using Reader = rfctls_status (*)(rfctls_stream *, void *, size_t, size_t *);

// What one call gives; *status may be NULL where it has to be RFCTLS_OK.
std::string read(Reader reader, const Stream &stream, size_t most,
                 rfctls_status *status = nullptr) {
  std::string text(most, '\0');
  size_t received = 0;
  rfctls_status ended = reader(stream.get(), text.data(), most, &received);
  if (status != nullptr) {
    *status = ended;
  } else {
    EXPECT_EQ(ended, RFCTLS_OK) << message();
  }
  return text.substr(0, received);
}

std::string line(const Stream &stream, size_t most = 100, rfctls_status *status = nullptr) {
  return read(rfctls_stream_read_line, stream, most, status);
}

std::string some(const Stream &stream, size_t most = 100, rfctls_status *status = nullptr) {
  return read(rfctls_stream_read, stream, most, status);
}

std::string all(const Stream &stream, size_t most, rfctls_status *status = nullptr) {
  return read(rfctls_stream_read_all, stream, most, status);
}

rfctls_status write(const Stream &stream, const std::string &text) {
  size_t sent = 0;
  rfctls_status status = rfctls_stream_write(stream.get(), text.data(), text.size(), &sent);
  EXPECT_TRUE(status != RFCTLS_OK || sent == text.size());
  return status;
}

// A connection that has agreed, and the client's stream on it.
struct Talk : Pair {
  explicit Talk(int close_socket = 0) {
    require(shake(), "handshake");
    stream = open(client, close_socket);
  }
  Stream stream;
};

/* ---- reading ---- */

TEST(ReadLine, GivesEachWithItsNewlineThenTheEnd) {
  Talk talk;
  ASSERT_EQ(send_all(talk.server, "one\n\ntwo\r\nthree"), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_shutdown(talk.server.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  EXPECT_EQ(line(talk.stream), "one\n");
  EXPECT_EQ(line(talk.stream), "\n");
  EXPECT_EQ(line(talk.stream), "two\r\n");
  EXPECT_EQ(line(talk.stream), "three");
  EXPECT_EQ(line(talk.stream), "");
  EXPECT_EQ(line(talk.stream), "");
}

TEST(ReadLine, JoinsRecords) {
  Talk talk;
  for (char byte : std::string("slow\nnext\n")) {
    ASSERT_EQ(send_all(talk.server, std::string(1, byte)), RFCTLS_OK);
  }
  EXPECT_EQ(line(talk.stream), "slow\n");
  EXPECT_EQ(line(talk.stream), "next\n");
}

TEST(ReadLine, LongerThanItsLimitStaysUnread) {
  Talk talk;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(send_all(talk.server, "12345\n12\n"), RFCTLS_OK);
  line(talk.stream, 5, &status);
  EXPECT_EQ(status, RFCTLS_E_LIMIT);
  EXPECT_EQ(message(), "the line is longer than 5 bytes");
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_stream_read_line");
  EXPECT_EQ(line(talk.stream, 6), "12345\n") << "exactly";
  EXPECT_EQ(some(talk.stream, 1), "1");
  EXPECT_EQ(line(talk.stream), "2\n");
  line(talk.stream, 0, &status);
  EXPECT_EQ(status, RFCTLS_E_LIMIT) << "no room is no end";
}

TEST(ReadLine, LargerThanARecord) {
  Talk talk;
  std::string longest(100000, 'x');
  std::thread sender([&] { send_all(talk.server, longest + "\nrest"); });
  EXPECT_TRUE(line(talk.stream, 100001) == longest + "\n");
  sender.join();
  EXPECT_EQ(some(talk.stream), "rest");
}

TEST(ReadLine, LosesNothingWhenItsTimerRunsOut) {
  Talk talk;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_socket_set_timeout(talk.client.get(), RFCTLS_TIMER_READ, 50), RFCTLS_OK);
  ASSERT_EQ(send_all(talk.server, "first half, "), RFCTLS_OK);
  EXPECT_EQ(line(talk.stream, 100, &status), "");
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT);
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_stream_read_line");
  ASSERT_EQ(send_all(talk.server, "second half\n"), RFCTLS_OK);
  EXPECT_EQ(line(talk.stream), "first half, second half\n");
}

TEST(ReadLine, CannotBeStretchedByAPeerThatDrips) {
  Talk talk;
  std::atomic<bool> over{false};
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_socket_set_timeout(talk.client.get(), RFCTLS_TIMER_READ, 200), RFCTLS_OK);
  std::thread dripper([&] {
    while (!over) {
      send_all(talk.server, "x");
      rfctls_socket_wait(talk.server.get(), RFCTLS_WANT_READ, 20);
    }
  });
  rfctls__deadline begin = rfctls__now();
  line(talk.stream, 1 << 20, &status);
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT);
  EXPECT_LT(rfctls__now() - begin, int64_t{2000} * 1000 * 1000);
  over = true;
  dripper.join();
}

TEST(ReadLine, TruncatedTellsSoAndLeavesThePiece) {
  Talk talk;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(send_all(talk.server, "whole\nhalf"), RFCTLS_OK);
  talk.server.reset();
  EXPECT_EQ(line(talk.stream), "whole\n");
  line(talk.stream, 100, &status);
  EXPECT_EQ(status, RFCTLS_E_TRUNCATED);
  EXPECT_EQ(some(talk.stream), "half");
  some(talk.stream, 100, &status);
  EXPECT_EQ(status, RFCTLS_E_TRUNCATED);
}

TEST(Read, GivesWhatIsThereInPieces) {
  Talk talk;
  std::string much(40000, '\0'), got;
  fill_pattern(reinterpret_cast<unsigned char *>(much.data()), much.size(), 0);
  ASSERT_EQ(send_all(talk.server, much), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_shutdown(talk.server.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  for (size_t most = 1; got.size() < much.size(); most = most * 3 + 1) {
    std::string part = some(talk.stream, most);
    ASSERT_FALSE(part.empty());
    got += part;
  }
  EXPECT_TRUE(got == much);
  EXPECT_EQ(some(talk.stream), "");
}

TEST(ReadAll, GivesTheWholeOrLeavesIt) {
  Talk talk;
  rfctls_status status = RFCTLS_OK;
  std::string whole(50000, 'x');
  ASSERT_EQ(send_all(talk.server, whole), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_shutdown(talk.server.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  all(talk.stream, 49999, &status);
  EXPECT_EQ(status, RFCTLS_E_LIMIT);
  EXPECT_TRUE(all(talk.stream, 50000) == whole);
  EXPECT_EQ(all(talk.stream, 1), "");
}

TEST(ReadAll, LosesNothingWhenItsTimerRunsOutOrTheEndIsCut) {
  Talk talk;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_socket_set_timeout(talk.client.get(), RFCTLS_TIMER_READ, 50), RFCTLS_OK);
  ASSERT_EQ(send_all(talk.server, "one"), RFCTLS_OK);
  all(talk.stream, 100, &status);
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT);
  ASSERT_EQ(send_all(talk.server, "two"), RFCTLS_OK);
  talk.server.reset();
  all(talk.stream, 100, &status);
  EXPECT_EQ(status, RFCTLS_E_TRUNCATED);
  EXPECT_EQ(some(talk.stream), "onetwo");
}

/* ---- writing ---- */

TEST(Write, IsHeldUntilFlushed) {
  Talk talk;
  char byte;
  size_t received = 0;
  ASSERT_EQ(write(talk.stream, "two "), RFCTLS_OK);
  ASSERT_EQ(write(talk.stream, "pieces"), RFCTLS_OK);
  EXPECT_EQ(rfctls_socket_recv(talk.server.get(), RFCTLS_DONTWAIT, &byte, 1, &received),
            RFCTLS_WANT_READ);
  ASSERT_EQ(rfctls_stream_flush(talk.stream.get()), RFCTLS_OK);
  EXPECT_EQ(receive(talk.server), "two pieces");
}

TEST(Write, OfMuchSendsAsItGoes) {
  Talk talk(1);
  std::string much(3000001, '\0');
  rfctls_status status = RFCTLS_OK, written = RFCTLS_OK;
  fill_pattern(reinterpret_cast<unsigned char *>(much.data()), much.size(), 0);
  std::thread writer([&] {
    for (size_t at = 0; at < much.size() && written == RFCTLS_OK; at += 777) {
      written = write(talk.stream, much.substr(at, 777));
    }
    if (written == RFCTLS_OK) {
      written = rfctls_stream_close(talk.stream.get());
    }
  });
  EXPECT_TRUE(receive_all(talk.server, &status) == much);
  EXPECT_EQ(status, RFCTLS_OK);
  writer.join();
  EXPECT_EQ(written, RFCTLS_OK);
}

TEST(Write, CountsWhatItTookBeforeItsTimerEnded) {
  Talk talk(1);
  std::string much(64 << 20, 'x');
  size_t sent = 0;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_socket_set_timeout(talk.client.get(), RFCTLS_TIMER_WRITE, 50), RFCTLS_OK);
  EXPECT_EQ(rfctls_stream_write(talk.stream.get(), much.data(), much.size(), &sent),
            RFCTLS_E_TIMEOUT);
  EXPECT_GT(sent, 0u);
  EXPECT_LT(sent, much.size());
  std::string got;
  std::thread reader([&] { got = receive_all(talk.server, &status); });
  rfctls_status closed;
  while ((closed = rfctls_stream_close(talk.stream.get())) == RFCTLS_E_TIMEOUT &&
         !rfctls_socket_is_closed(talk.client.get())) {
  }
  reader.join();
  EXPECT_EQ(closed, RFCTLS_OK) << message();
  EXPECT_EQ(status, RFCTLS_OK);
  EXPECT_EQ(got.size(), sent) << "what was taken has come, and no more";
}

TEST(Write, OverMemoryWantsAndGoesOnWhereItWas) {
  Raw near, far;
  Socket client, server;
  ASSERT_EQ(rfctls_raw_memory(out(near)), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_memory(out(far)), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_wrap(near.get(), client_config().get(), out(client)), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_wrap(far.get(), server_config().get(), out(server)), RFCTLS_OK);
  auto carry = [&] {
    char buffer[65536];
    size_t count = 0;
    while (rfctls_raw_drain(near.get(), buffer, sizeof buffer, &count) == RFCTLS_OK && count > 0) {
      ASSERT_EQ(rfctls_raw_feed(far.get(), buffer, count), RFCTLS_OK);
    }
    while (rfctls_raw_drain(far.get(), buffer, sizeof buffer, &count) == RFCTLS_OK && count > 0) {
      ASSERT_EQ(rfctls_raw_feed(near.get(), buffer, count), RFCTLS_OK);
    }
  };
  rfctls_status of_client = RFCTLS_WANT_READ, of_server = RFCTLS_WANT_READ;
  for (int round = 0; round < 10 && (of_client > 0 || of_server > 0); round++) {
    of_client = of_client > 0 ? rfctls_socket_handshake(client.get()) : of_client;
    carry();
    of_server = of_server > 0 ? rfctls_socket_handshake(server.get()) : of_server;
    carry();
  }
  ASSERT_EQ(of_client, RFCTLS_OK);
  ASSERT_EQ(of_server, RFCTLS_OK);

  Stream writer = open(client, 1), reader = open(server);
  std::string much(2 << 20, '\0'), got;
  fill_pattern(reinterpret_cast<unsigned char *>(much.data()), much.size(), 0);
  size_t at = 0, wants = 0;
  rfctls_status closing = RFCTLS_WANT_WRITE, status = RFCTLS_WANT_READ;
  for (int round = 0; round < 1000 && status != RFCTLS_OK; round++) {
    size_t sent = 0;
    if (at < much.size()) {
      rfctls_status written =
          rfctls_stream_write(writer.get(), much.data() + at, much.size() - at, &sent);
      ASSERT_GE(written, RFCTLS_OK) << message();
      at += sent;
      sent = 0;
      wants += rfctls_stream_write(writer.get(), much.data() + at, much.size() - at, &sent) > 0;
      at += sent;
    } else if (closing > 0) {
      closing = rfctls_stream_close(writer.get());
    }
    carry();
    got = all(reader, much.size(), &status);
    ASSERT_TRUE(status == RFCTLS_OK || status == RFCTLS_WANT_READ) << message();
  }
  EXPECT_EQ(closing, RFCTLS_OK);
  EXPECT_GT(wants, 0u);
  EXPECT_TRUE(got == much);
}

/* ---- closing ---- */

TEST(Close, FlushesAndClosesTheSocketIfItWasOpenedSo) {
  for (int close_socket = 0; close_socket < 2; close_socket++) {
    SCOPED_TRACE(close_socket);
    Talk talk(close_socket);
    rfctls_status status = RFCTLS_OK;
    ASSERT_EQ(write(talk.stream, "last"), RFCTLS_OK);
    std::thread closer([&] { EXPECT_EQ(rfctls_stream_close(talk.stream.get()), RFCTLS_OK); });
    EXPECT_EQ(receive(talk.server), "last");
    if (close_socket) {
      EXPECT_EQ(receive_all(talk.server, &status), "");
      EXPECT_EQ(status, RFCTLS_OK);
    }
    closer.join();
    EXPECT_EQ(rfctls_socket_is_closed(talk.client.get()), close_socket);
    EXPECT_EQ(rfctls_stream_close(talk.stream.get()), RFCTLS_OK) << "again";
    EXPECT_EQ(write(talk.stream, "x"), RFCTLS_E_CLOSED);
    EXPECT_EQ(rfctls_stream_flush(talk.stream.get()), RFCTLS_E_CLOSED);
    some(talk.stream, 1, &status);
    EXPECT_EQ(status, RFCTLS_E_CLOSED);
  }
}

TEST(Close, TellsThatWhatWasWrittenCouldNotBeSent) {
  Talk talk(1);
  ASSERT_EQ(write(talk.stream, "lost"), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_shutdown(talk.client.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  talk.server.reset();
  EXPECT_EQ(rfctls_stream_close(talk.stream.get()), RFCTLS_E_STATE);
  EXPECT_EQ(message(), "writing was shut down");
  EXPECT_TRUE(rfctls_socket_is_closed(talk.client.get()));
}

TEST(Close, OfTheSocketWakesTheReader) {
  Talk talk;
  rfctls_status status = RFCTLS_OK, second = RFCTLS_OK;
  std::thread reader([&] {
    do {
      line(talk.stream, 100, &status);
    } while (status == RFCTLS_E_STATE);  // the other thread's look had the turn
  });
  while (second != RFCTLS_E_STATE) {  // a reader has the turn
    ASSERT_EQ(rfctls_socket_set_timeout(talk.client.get(), RFCTLS_TIMER_READ, -1), RFCTLS_OK);
    size_t received;
    second = rfctls_stream_read(talk.stream.get(), nullptr, 0, &received);
  }
  EXPECT_EQ(message(), "another thread does the same with this stream");
  talk.server.reset();
  rfctls_socket_close(talk.client.get());
  reader.join();
  EXPECT_LT(status, RFCTLS_OK);
}

TEST(Stream, KeepsItsSocket) {
  Talk talk;
  talk.client.reset();
  ASSERT_EQ(send_all(talk.server, "still here\n"), RFCTLS_OK);
  rfctls_stream *second = rfctls_stream_ref(talk.stream.get());
  talk.stream.reset();
  talk.stream.reset(second);
  EXPECT_EQ(line(talk.stream), "still here\n");
}

TEST(Stream, DroppedSendsNothing) {
  Talk talk;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(write(talk.stream, "never"), RFCTLS_OK);
  talk.stream.reset();
  talk.client.reset();
  EXPECT_EQ(receive_all(talk.server, &status), "");
  EXPECT_LT(status, RFCTLS_OK) << "truncated, or reset over its unread tickets";
}

TEST(Stream, ReadsAndWritesAtOnce) {
  Talk talk;
  Stream other = open(talk.server);
  std::string much(1 << 20, 'x');
  auto write_all = [&](const Stream &stream) {
    EXPECT_EQ(write(stream, much + "\n"), RFCTLS_OK);
    EXPECT_EQ(rfctls_stream_flush(stream.get()), RFCTLS_OK);
  };
  std::thread one([&] { write_all(talk.stream); });
  std::thread two([&] { write_all(other); });
  std::thread three([&] { EXPECT_EQ(line(other, much.size() + 1).size(), much.size() + 1); });
  EXPECT_EQ(line(talk.stream, much.size() + 1).size(), much.size() + 1);
  one.join();
  two.join();
  three.join();
}

TEST(Stream, IsNotForAChildProcess) {
  Talk talk;
  ASSERT_EQ(write(talk.stream, "ours"), RFCTLS_OK);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int wrong = rfctls_stream_flush(talk.stream.get()) != RFCTLS_E_FORKED ||
                rfctls_stream_close(talk.stream.get()) != RFCTLS_E_FORKED;
    _exit(wrong);
  }
  int how = -1;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0);
  ASSERT_EQ(rfctls_stream_flush(talk.stream.get()), RFCTLS_OK);
  EXPECT_EQ(receive(talk.server), "ours");
}

TEST(Stream, WithoutMemoryTakesNothingAndLosesNothing) {
  Talk talk;
  size_t sent = 9;
  ASSERT_EQ(send_all(talk.server, "kept\n"), RFCTLS_OK);
  allocations_left = 0;
  rfctls__set_alloc_hook(fail_when_none_is_left);
  rfctls_status read_status = RFCTLS_OK;
  rfctls_status written = rfctls_stream_write(talk.stream.get(), "x", 1, &sent);
  std::string got = line(talk.stream, 100, &read_status);
  rfctls__set_alloc_hook(nullptr);
  EXPECT_EQ(written, RFCTLS_E_MEMORY);
  EXPECT_EQ(sent, 0u);
  EXPECT_EQ(read_status, RFCTLS_E_MEMORY);
  EXPECT_EQ(line(talk.stream), "kept\n");
}

TEST(Stream, RefusesWhatIsNone) {
  Talk talk;
  Stream stream;
  char byte = 0;
  size_t count = 9;
  EXPECT_EQ(rfctls_stream_open(nullptr, 0, out(stream)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_stream_open(talk.client.get(), 0, nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_stream_open(talk.listener.get(), 0, out(stream)), RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_stream_ref(nullptr), nullptr);
  rfctls_stream_unref(nullptr);
  for (Reader reader : {rfctls_stream_read, rfctls_stream_read_line, rfctls_stream_read_all}) {
    EXPECT_EQ(reader(nullptr, &byte, 1, &count), RFCTLS_E_ARGUMENT);
    EXPECT_EQ(reader(talk.stream.get(), nullptr, 1, &count), RFCTLS_E_ARGUMENT);
    EXPECT_EQ(reader(talk.stream.get(), &byte, 1, nullptr), RFCTLS_E_ARGUMENT);
  }
  EXPECT_EQ(rfctls_stream_write(nullptr, &byte, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_stream_write(talk.stream.get(), nullptr, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_stream_write(talk.stream.get(), &byte, 1, nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_stream_flush(nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_stream_close(nullptr), RFCTLS_E_ARGUMENT);
}

}  // namespace
