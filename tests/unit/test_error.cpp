// The error record, and the names of everything that a caller may see.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <thread>

#include "base/error.h"

namespace {

std::string message() {
  return rfctls_error_message();
}

// The system's own.
std::string text_of(int64_t code) {
  char text[128];
  rfctls__system_text(code, text, sizeof text);
  EXPECT_GT(std::string(text).size(), 5u);
  return text;
}

TEST(Names, EveryStatusHasANameAndAText) {
  for (int status = RFCTLS_E_LIMIT; status <= RFCTLS_WANT_IDENTITY; status++) {
    SCOPED_TRACE(status);
    EXPECT_STRNE(rfctls_status_name(static_cast<rfctls_status>(status)), "UNKNOWN");
    EXPECT_STRNE(rfctls_status_text(static_cast<rfctls_status>(status)), "an unknown status");
  }
  EXPECT_STREQ(rfctls_status_name(RFCTLS_E_TIMEOUT), "E_TIMEOUT");
  EXPECT_STREQ(rfctls_status_name(RFCTLS_WANT_READ), "WANT_READ");
  EXPECT_STREQ(rfctls_status_name(RFCTLS_OK), "OK");
}

TEST(Names, UnknownNumbersAreSaidToBe) {
  for (int number : {5, -20, 0x7fffffff, -0x7fffffff}) {
    EXPECT_STREQ(rfctls_status_name(static_cast<rfctls_status>(number)), "UNKNOWN");
    EXPECT_STREQ(rfctls_status_text(static_cast<rfctls_status>(number)), "an unknown status");
  }
  for (int number : {-1, 16, 0x7fffffff}) {
    EXPECT_STREQ(rfctls_reason_name(static_cast<rfctls_reason>(number)), "UNKNOWN");
  }
  for (int number : {-1, 1, 255, 256}) {
    EXPECT_STREQ(rfctls__alert_name(number), "unknown alert");
  }
}

TEST(Names, EveryReasonHasAName) {
  for (int reason = RFCTLS_REASON_NONE; reason <= RFCTLS_REASON_OTHER; reason++) {
    SCOPED_TRACE(reason);
    EXPECT_STRNE(rfctls_reason_name(static_cast<rfctls_reason>(reason)), "UNKNOWN");
  }
  EXPECT_STREQ(rfctls_reason_name(RFCTLS_REASON_SELF_SIGNED), "SELF_SIGNED");
}

TEST(Names, AlertsAreNamedAsInTheStandard) {
  EXPECT_STREQ(rfctls__alert_name(0), "close_notify");
  EXPECT_STREQ(rfctls__alert_name(45), "certificate_expired");
  EXPECT_STREQ(rfctls__alert_name(48), "unknown_ca");
  EXPECT_STREQ(rfctls__alert_name(120), "no_application_protocol");
}

TEST(Record, IsEmptyOnAThreadThatNeverFailed) {
  std::thread([] {
    EXPECT_EQ(rfctls_error_status(), RFCTLS_OK);
    EXPECT_EQ(message(), "");
    EXPECT_STREQ(rfctls_error_origin(), "");
    EXPECT_EQ(rfctls_error_system_code(), 0);
    EXPECT_EQ(rfctls_error_engine_code(), 0);
    EXPECT_EQ(rfctls_error_alert(), -1);
    EXPECT_EQ(rfctls_error_depth(), -1);
    EXPECT_EQ(rfctls_error_verify_reason(), RFCTLS_REASON_NONE);
  }).join();
}

TEST(Record, KeepsWhatFailedAndWhere) {
  rfctls__enter("rfctls_thing_do");
  EXPECT_EQ(rfctls__fail(RFCTLS_E_STATE, "thing %d is %s", 7, "frozen"), RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_error_status(), RFCTLS_E_STATE);
  EXPECT_EQ(message(), "thing 7 is frozen");
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_thing_do");
}

TEST(Record, BeginsAnewWithEveryCall) {
  rfctls__fail_verify(99, 2, RFCTLS_REASON_NAME, "bad");
  rfctls__enter("rfctls_other");
  EXPECT_EQ(rfctls_error_status(), RFCTLS_OK);
  EXPECT_EQ(message(), "");
  EXPECT_STREQ(rfctls_error_origin(), "");
  EXPECT_EQ(rfctls_error_engine_code(), 0);
  EXPECT_EQ(rfctls_error_depth(), -1);
  EXPECT_EQ(rfctls_error_verify_reason(), RFCTLS_REASON_NONE);
}

TEST(Record, ForgetsAFailureThatWasOvercome) {
  rfctls__enter("rfctls_thing_do");
  rfctls__fail_system(RFCTLS_E_CONNECT, ECONNREFUSED, "first address");
  rfctls__error_clear();
  EXPECT_EQ(rfctls_error_status(), RFCTLS_OK);
  EXPECT_EQ(rfctls_error_system_code(), 0);
  EXPECT_EQ(message(), "");
  rfctls__fail(RFCTLS_E_STATE, "then another");
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_thing_do");
}

TEST(Record, AddsTheSystemsText) {
  rfctls__fail_system(RFCTLS_E_SYSTEM, ENOENT, "cannot open %s", "/x");
  EXPECT_EQ(message(), "cannot open /x: " + text_of(ENOENT));
  EXPECT_EQ(rfctls_error_system_code(), ENOENT);
}

TEST(Record, SystemCodeZeroHasNoText) {
  rfctls__fail_system(RFCTLS_E_SYSTEM, 0, "odd");
  EXPECT_EQ(message(), "odd");
}

TEST(Record, KeepsWhatTheEngineSays) {
  rfctls__fail_engine(RFCTLS_E_ALERT, 0x1234567890, 48, "peer sent alert %s", "unknown_ca");
  EXPECT_EQ(rfctls_error_status(), RFCTLS_E_ALERT);
  EXPECT_EQ(rfctls_error_engine_code(), 0x1234567890);
  EXPECT_EQ(rfctls_error_alert(), 48);
  EXPECT_EQ(rfctls__fail_verify(10, 1, RFCTLS_REASON_EXPIRED, "expired"), RFCTLS_E_VERIFY);
  EXPECT_EQ(rfctls_error_status(), RFCTLS_E_VERIFY);
  EXPECT_EQ(rfctls_error_engine_code(), 10);
  EXPECT_EQ(rfctls_error_depth(), 1);
  EXPECT_EQ(rfctls_error_verify_reason(), RFCTLS_REASON_EXPIRED);
  EXPECT_EQ(rfctls_error_alert(), -1) << "left from the failure before";
}

TEST(Record, AFailureReplacesAllOfTheOneBefore) {
  rfctls__fail_verify(10, 1, RFCTLS_REASON_EXPIRED, "expired");
  rfctls__fail_memory();
  EXPECT_EQ(rfctls_error_status(), RFCTLS_E_MEMORY);
  EXPECT_EQ(rfctls_error_engine_code(), 0);
  EXPECT_EQ(rfctls_error_depth(), -1);
  EXPECT_EQ(rfctls_error_verify_reason(), RFCTLS_REASON_NONE);
}

TEST(Message, TooLongEndsInDots) {
  std::string longest(RFCTLS__MESSAGE_SIZE - 1, 'x');
  rfctls__fail(RFCTLS_E_PARSE, "%s", longest.c_str());
  EXPECT_EQ(message(), longest);
  rfctls__fail(RFCTLS_E_PARSE, "%sx", longest.c_str());
  EXPECT_EQ(message(), longest.substr(3) + "...");
  rfctls__fail_system(RFCTLS_E_PARSE, ENOENT, "%s", longest.substr(10).c_str());
  EXPECT_EQ(message(), longest.substr(10) + ": " + text_of(ENOENT).substr(0, 5) + "...");
}

TEST(Message, CutCharacterDoesNotLeaveHalfOfIt) {
  std::string text;
  while (text.size() < 2 * RFCTLS__MESSAGE_SIZE) {
    text += "\xe2\x82\xac"; /* the euro sign */
  }
  for (size_t skip = 0; skip < 3; skip++) {
    rfctls__fail(RFCTLS_E_PARSE, "%s%s", std::string(skip, 'x').c_str(), text.c_str());
    std::string rest = message().substr(skip);
    while (rest.compare(0, 3, "\xe2\x82\xac") == 0) {
      rest.erase(0, 3);
    }
    EXPECT_EQ(rest.find_first_not_of("?."), std::string::npos) << message();
  }
}

TEST(Message, IsOneLineOfPrintableCharacters) {
  rfctls__fail(RFCTLS_E_PARSE, "a\nb\rc\td\x1b[31me\x7f");
  EXPECT_EQ(message(), "a?b?c?d?[31me?");
  rfctls__fail(RFCTLS_E_PARSE,
               "\xc2\x9b"
               "31m"); /* a control character beyond ASCII: CSI */
  EXPECT_EQ(message(), "??31m");
}

TEST(Message, KeepsGoodUtf8AndReplacesBad) {
  std::string good =
      "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92 \xed\x9f\xbf \xf4\x8f\xbf\xbf \xc2\xa0";
  rfctls__fail(RFCTLS_E_PARSE, "%s", good.c_str());
  EXPECT_EQ(message(), good);
  struct {
    const char *bad, *shown;
  } cases[] = {
      {"\xe9t\xe9", "?t?"},         /* Latin-1            */
      {"\xc0\xaf", "??"},           /* over-long          */
      {"\xe0\x80\xaf", "???"},      /* over-long          */
      {"\xf0\x80\x80\xaf", "????"}, /* over-long          */
      {"\xed\xa0\x80", "???"},      /* a surrogate        */
      {"\xf4\x90\x80\x80", "????"}, /* beyond U+10FFFF    */
      {"\xf5\x80\x80\x80", "????"}, /* no such first byte */
      {"\x80", "?"},                /* no first byte      */
      {"end\xe2\x82", "end??"},     /* cut                */
      {"\xe2\x82\xe2\x82\xac", "??\xe2\x82\xac"},
  };
  for (const auto &one : cases) {
    rfctls__fail(RFCTLS_E_PARSE, "%s", one.bad);
    EXPECT_EQ(message(), one.shown);
  }
}

TEST(Message, MayBeMadeOfTheOneBefore) {
  rfctls__fail(RFCTLS_E_PARSE, "inner");
  rfctls__fail(RFCTLS_E_PARSE, "outer: %s", rfctls_error_message());
  EXPECT_EQ(message(), "outer: inner");
}

TEST(Message, GetsThePlaceInFrontAndTheRestOfTheRecordStays) {
  rfctls__fail_verify(10, 1, RFCTLS_REASON_WEAK, "weak key");
  EXPECT_EQ(rfctls__fail_in("line %d\n", 7), RFCTLS_E_VERIFY);
  EXPECT_EQ(message(), "line 7?: weak key");
  EXPECT_EQ(rfctls_error_verify_reason(), RFCTLS_REASON_WEAK);
  EXPECT_EQ(rfctls_error_engine_code(), 10);
  rfctls__fail_in("%s", std::string(2 * RFCTLS__MESSAGE_SIZE, 'x').c_str());
  EXPECT_EQ(message().size(), static_cast<size_t>(RFCTLS__MESSAGE_SIZE - 1));
  EXPECT_EQ(message().substr(message().size() - 4), "x...");
}

TEST(Saved, IsReportedAgainUnderTheLaterOrigin) {
  rfctls__error saved;
  rfctls__enter("rfctls_socket_recv");
  rfctls__fail_engine(RFCTLS_E_ALERT, 5, 40, "handshake_failure");
  rfctls__error_save(&saved);
  std::thread([&saved] {
    rfctls__enter("rfctls_socket_send");
    EXPECT_EQ(rfctls__error_restore(&saved), RFCTLS_E_ALERT);
    EXPECT_EQ(rfctls_error_status(), RFCTLS_E_ALERT);
    EXPECT_EQ(message(), "handshake_failure");
    EXPECT_EQ(rfctls_error_alert(), 40);
    EXPECT_EQ(rfctls_error_engine_code(), 5);
    EXPECT_STREQ(rfctls_error_origin(), "rfctls_socket_send");
  }).join();
}

TEST(Record, IsThisThreadsOwn) {
  rfctls__enter("rfctls_mine");
  rfctls__fail(RFCTLS_E_STATE, "mine");
  std::thread([] {
    rfctls__enter("rfctls_theirs");
    rfctls__fail(RFCTLS_E_PARSE, "theirs");
  }).join();
  EXPECT_EQ(rfctls_error_status(), RFCTLS_E_STATE);
  EXPECT_EQ(message(), "mine");
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_mine");
}

}  // namespace
