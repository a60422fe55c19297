// Which of several problems of a certificate is told, and in which words?
#include "x509/verify_error.h"

#include <gtest/gtest.h>

#include <ctime>
#include <initializer_list>
#include <string>

#include "base/error.h"

namespace {

class Holder {
 public:
  explicit Holder(const std::string &subject = "the subject", bool common = true) {
    subject.copy(raw.subject, sizeof raw.subject - 1);
    std::string("the issuer").copy(raw.issuer, sizeof raw.issuer - 1);
    raw.has_common_name = common;
  }
  Holder(const Holder &) = delete;
  Holder &operator=(const Holder &) = delete;
  ~Holder() {
    rfctls__holder_release(&raw);
  }
  Holder &host(const std::string &name) {
    EXPECT_EQ(RFCTLS_OK, rfctls__list_add(&raw.hosts, name.data(), name.size()));
    return *this;
  }
  Holder &address(const std::string &bytes) {
    EXPECT_EQ(RFCTLS_OK, rfctls__list_add(&raw.addresses, bytes.data(), bytes.size()));
    return *this;
  }
  std::string say(rfctls_reason reason, int depth = 0, const char *asked = nullptr,
                  const char *detail = nullptr) const {
    rfctls__verify_error problem = {reason, depth, &raw, asked, detail};
    char text[RFCTLS__VERIFY_ERROR_SIZE];
    rfctls__verify_error_say(text, &problem);
    return text;
  }
  std::string not_for(const char *asked) const {
    return say(RFCTLS_REASON_NAME, 0, asked);
  }

  rfctls__holder raw{};
};

const std::string loopback("\x7f\0\0\1", 4);

TEST(Order, is_the_name_then_whether_it_is_genuine_then_the_rest) {
  const rfctls_reason order[] = {
      RFCTLS_REASON_NAME,        RFCTLS_REASON_MALFORMED,     RFCTLS_REASON_ISSUER,
      RFCTLS_REASON_SELF_SIGNED, RFCTLS_REASON_SIGNATURE,     RFCTLS_REASON_EXTENSION,
      RFCTLS_REASON_CONSTRAINT,  RFCTLS_REASON_PURPOSE,       RFCTLS_REASON_WEAK,
      RFCTLS_REASON_REVOKED,     RFCTLS_REASON_NOT_YET_VALID, RFCTLS_REASON_EXPIRED,
      RFCTLS_REASON_OTHER,       RFCTLS_REASON_NONE};
  const int count = sizeof order / sizeof *order;
  for (int i = 0; i < count; i++) {
    for (int j = 0; j < count; j++) {
      EXPECT_EQ(i < j, rfctls__verify_error_precedes(order[i], order[j])) << i << " " << j;
    }
    EXPECT_EQ(i <= 4, rfctls__verify_error_is_final(order[i])) << i;
  }
}

TEST(Words, name_the_kind_of_name_that_is_not_there) {
  EXPECT_EQ(
      "certificate has no host names, only the common name server.test, which does not count; "
      "server.test was asked for",
      Holder("server.test").not_for("server.test"));
  EXPECT_EQ("certificate has no host names; server.test was asked for",
            Holder("a unit", false).not_for("server.test"));
  EXPECT_EQ(
      "certificate has no host names, only the IP address 127.0.0.1; server.test was asked for",
      Holder().address(loopback).not_for("server.test"));
  EXPECT_EQ("certificate has no IP addresses, only the host name server.test; ::1 was asked for",
            Holder().host("server.test").not_for("::1"));
  EXPECT_EQ(
      "certificate has no IP addresses, only the common name 127.0.0.1, which does not count; "
      "127.0.0.1 was asked for",
      Holder("127.0.0.1").not_for("127.0.0.1"));
}

TEST(Words, say_where_an_address_stands_that_does_not_count) {
  EXPECT_EQ(
      "certificate has no IP addresses: 127.0.0.1 stands as a host name in it, which does not "
      "count",
      Holder().host("server.test").host("127.0.0.1").not_for("127.0.0.1"));
  EXPECT_EQ(
      "certificate has other IP addresses: 127.0.0.2 stands as a host name in it, which does "
      "not count",
      Holder().host("127.0.0.2").address(loopback).not_for("127.0.0.2"));
}

TEST(Words, say_whom_it_is_for_and_who_was_asked_for) {
  EXPECT_EQ(
      "certificate is for other.test, not for server.test",
      Holder().host("other.test").host("third.test").address(loopback).not_for("server.test"));
  EXPECT_EQ("certificate is for 127.0.0.1, not for 127.0.0.2",
            Holder().host("server.test").address(loopback).not_for("127.0.0.2"));
  EXPECT_EQ("certificate is for server.test?evil, not for server.test",
            Holder().host(std::string("server.test\0evil", 16)).not_for("server.test"));
}

TEST(Words, call_a_leaf_by_its_names_and_an_issuer_by_its_subject) {
  Holder both;
  both.host("server.test").address(loopback);
  EXPECT_EQ("certificate for server.test is revoked", both.say(RFCTLS_REASON_REVOKED));
  EXPECT_EQ("issuer certificate the subject is revoked", both.say(RFCTLS_REASON_REVOKED, 1));
  EXPECT_EQ("certificate for 127.0.0.1 is revoked",
            Holder().address(loopback).say(RFCTLS_REASON_REVOKED));
  EXPECT_EQ("certificate for the subject was issued by the issuer, which is not trusted",
            Holder().say(RFCTLS_REASON_ISSUER));
  EXPECT_EQ("issuer certificate the subject is self-signed and not trusted",
            Holder().say(RFCTLS_REASON_SELF_SIGNED, 2));
}

TEST(Words, add_what_the_engine_has_to_say) {
  EXPECT_EQ(
      "certificate for the subject breaks a constraint of what issued it, or is no authority "
      "(path length constraint exceeded)",
      Holder().say(RFCTLS_REASON_CONSTRAINT, 0, nullptr, "path length constraint exceeded"));
  EXPECT_EQ("certificate for the subject cannot be verified", Holder().say(RFCTLS_REASON_OTHER));
}

TEST(Words, are_there_for_every_reason_however_long_the_names) {
  Holder longest(std::string(RFCTLS__HOLDER_NAME_SIZE - 1, 's'));
  longest.host(std::string(300, 'h'));
  const std::string asked(253, 'a');
  for (int reason = RFCTLS_REASON_EXPIRED; reason <= RFCTLS_REASON_OTHER; reason++) {
    const std::string text =
        longest.say(static_cast<rfctls_reason>(reason), reason % 2, asked.c_str(), "detail");
    EXPECT_GT(text.size(), 20u);
    EXPECT_LT(text.size(), static_cast<size_t>(RFCTLS__VERIFY_ERROR_SIZE));
  }
}

TEST(Words, have_the_day_of_any_year) {
  Holder holder;
  const int64_t day = 24 * 60 * 60;
  for (int64_t days = -719528; days < 2932897; days += days % 5 == 0 ? 1 : 97) {  // 0000 to 9999
    for (int64_t second : {int64_t{0}, day - 1}) {
      const time_t seconds = days * day + second;
      std::tm date{};
      char text[48];
      gmtime_r(&seconds, &date);
      snprintf(text, sizeof text, "%04d-%02d-%02d", date.tm_year + 1900, date.tm_mon + 1,
               date.tm_mday);
      holder.raw.not_after = seconds;
      ASSERT_EQ(std::string("certificate for the subject expired on ") + text,
                holder.say(RFCTLS_REASON_EXPIRED));
    }
  }
  EXPECT_EQ("issuer certificate the subject is not valid before 1970-01-01",
            holder.say(RFCTLS_REASON_NOT_YET_VALID, 1));
}

TEST(Refusals, name_whom_they_are_about) {
  Holder holder;
  holder.host("server.test");
  EXPECT_EQ(RFCTLS_E_VERIFY, rfctls__fail_refused(7, &holder.raw));
  EXPECT_STREQ("the program refused the certificate for server.test", rfctls_error_message());
  EXPECT_EQ(RFCTLS_REASON_REFUSED, rfctls_error_verify_reason());
  EXPECT_EQ(0, rfctls_error_depth());
  EXPECT_EQ(RFCTLS_E_VERIFY, rfctls__fail_missing(7, 1));
  EXPECT_STREQ("the client sent no certificate, and one is required", rfctls_error_message());
  EXPECT_EQ(RFCTLS_E_VERIFY, rfctls__fail_missing(7, 0));
  EXPECT_STREQ("the server sent no certificate", rfctls_error_message());
  EXPECT_EQ(RFCTLS_REASON_MISSING, rfctls_error_verify_reason());
}

}  // namespace
