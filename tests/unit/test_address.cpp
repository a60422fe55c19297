// What resolves, what does not, and who is named then.
#include <gtest/gtest.h>
#include <netdb.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "support/memory.hpp"

namespace {

struct List {
  ~List() {
    rfctls_addresses_unref(list);
  }
  rfctls_status resolve(const char *node, const char *service,
                        rfctls_family family = RFCTLS_FAMILY_ANY, int passive = 0) {
    rfctls_addresses_unref(list);
    list = reinterpret_cast<rfctls_addresses *>(1);
    return rfctls_addresses_resolve(node, service, family, passive, &list);
  }
  size_t count() const {
    return rfctls_addresses_count(list);
  }
  rfctls_address *at(size_t index) const {
    return rfctls_addresses_at(list, index);
  }
  std::vector<std::string> ips() const {
    std::vector<std::string> found;
    for (size_t i = 0; i < count(); i++) {
      found.push_back(rfctls_address_ip(at(i)));
    }
    return found;
  }

  rfctls_addresses *list = nullptr;
};

bool has(const std::vector<std::string> &texts, const char *text) {
  for (const auto &one : texts) {
    if (one == text) {
      return true;
    }
  }
  return false;
}

std::string message() {
  return rfctls_error_message();
}

TEST(Resolve, TakesAnIpv4Address) {
  List list;
  ASSERT_EQ(list.resolve("127.0.0.1", "443"), RFCTLS_OK);
  ASSERT_EQ(list.count(), 1u);
  EXPECT_STREQ(rfctls_address_ip(list.at(0)), "127.0.0.1");
  EXPECT_STREQ(rfctls_address_host(list.at(0)), "127.0.0.1");
  EXPECT_EQ(rfctls_address_port(list.at(0)), 443);
  EXPECT_EQ(rfctls_address_family(list.at(0)), RFCTLS_FAMILY_IPV4);
  EXPECT_EQ(list.at(1), nullptr);
}

TEST(Resolve, TakesAnIpv6Address) {
  List list;
  ASSERT_EQ(list.resolve("0:0:0::1", "65535"), RFCTLS_OK);
  ASSERT_EQ(list.count(), 1u);
  EXPECT_STREQ(rfctls_address_ip(list.at(0)), "::1");
  EXPECT_STREQ(rfctls_address_host(list.at(0)), "0:0:0::1") << "the host is as it was given";
  EXPECT_EQ(rfctls_address_port(list.at(0)), 65535);
  EXPECT_EQ(rfctls_address_family(list.at(0)), RFCTLS_FAMILY_IPV6);
}

TEST(Resolve, KeepsTheHostThatWasNamed) {
  List list;
  if (list.resolve("localhost", "1") != RFCTLS_OK) {
    GTEST_SKIP() << "this system does not know localhost: " << message();
  }
  for (size_t i = 0; i < list.count(); i++) {
    EXPECT_STREQ(rfctls_address_host(list.at(i)), "localhost");
    EXPECT_STRNE(rfctls_address_ip(list.at(i)), "localhost");
  }
}

TEST(Resolve, WithoutANodeIsLoopback) {
  List list;
  ASSERT_EQ(list.resolve(nullptr, "80"), RFCTLS_OK);
  EXPECT_TRUE(has(list.ips(), "127.0.0.1"));
  EXPECT_FALSE(has(list.ips(), "0.0.0.0"));
  for (size_t i = 0; i < list.count(); i++) {
    EXPECT_STREQ(rfctls_address_host(list.at(i)), rfctls_address_ip(list.at(i)));
    EXPECT_EQ(rfctls_address_port(list.at(i)), 80);
  }
}

TEST(Resolve, PassiveWithoutANodeIsEveryAddress) {
  List list;
  ASSERT_EQ(list.resolve(nullptr, "0", RFCTLS_FAMILY_ANY, 1), RFCTLS_OK);
  EXPECT_TRUE(has(list.ips(), "0.0.0.0"));
  EXPECT_TRUE(has(list.ips(), "::"));
}

TEST(Resolve, GivesOnlyTheFamilyAskedFor) {
  List list;
  ASSERT_EQ(list.resolve(nullptr, "1", RFCTLS_FAMILY_IPV4), RFCTLS_OK);
  EXPECT_EQ(list.ips(), std::vector<std::string>{"127.0.0.1"});
  ASSERT_EQ(list.resolve(nullptr, "1", RFCTLS_FAMILY_IPV6), RFCTLS_OK);
  EXPECT_EQ(list.ips(), std::vector<std::string>{"::1"});
  EXPECT_EQ(list.resolve(nullptr, "1", static_cast<rfctls_family>(5)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(message(), "unknown address family 5");
}

TEST(Resolve, NamesTheHostThatIsNotKnown) {
  List list;
  EXPECT_EQ(list.resolve("::1", "443", RFCTLS_FAMILY_IPV4), RFCTLS_E_RESOLVE);
  EXPECT_EQ(list.list, nullptr);
  EXPECT_EQ(message().find("cannot resolve host \"::1\": "), 0u) << message();
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_addresses_resolve");
}

TEST(Resolve, KnowsServicesByName) {
  List list;
  if (getservbyname("https", "tcp") == nullptr) {
    GTEST_SKIP() << "this system has no list of services";
  }
  ASSERT_EQ(list.resolve("127.0.0.1", "https"), RFCTLS_OK);
  EXPECT_EQ(rfctls_address_port(list.at(0)), 443);
}

TEST(Resolve, NamesTheServiceThatIsNotKnown) {
  List list;
  for (const char *node : {"127.0.0.1", static_cast<const char *>(nullptr)}) {
    for (const char *service : {"443x", "no-such-service", "0x50"}) {
      EXPECT_EQ(list.resolve(node, service), RFCTLS_E_RESOLVE) << service;
      EXPECT_EQ(message().find("cannot resolve service \"" + std::string(service) + "\": "), 0u)
          << message();
    }
  }
}

TEST(Resolve, RefusesWhatIsNeitherPortNorName) {
  List list;
  for (const char *service : {"", "-1", "+1", " 80", "65536", "99999999999999999999999", "\n"}) {
    EXPECT_EQ(list.resolve("127.0.0.1", service), RFCTLS_E_ARGUMENT) << service;
    EXPECT_EQ(list.list, nullptr);
  }
  EXPECT_EQ(list.resolve("127.0.0.1", nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(list.resolve("127.0.0.1", "65536"), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(message(), "port \"65536\" is not from 0 to 65535");
}

TEST(Resolve, RefusesAnEmptyHostAndBrackets) {
  List list;
  EXPECT_EQ(list.resolve("", "443"), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(message(), "host is empty");
  EXPECT_EQ(list.resolve("[::1]", "443"), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(message(), "host \"[::1]\": an IPv6 address is given without brackets");
  EXPECT_EQ(rfctls_addresses_resolve("::1", "443", RFCTLS_FAMILY_ANY, 0, nullptr),
            RFCTLS_E_ARGUMENT);
}

TEST(Resolve, WithoutMemoryLeavesNothingBehind) {
  List list;
  rfctls_test::for_each_failing_allocation([&] {
    rfctls_status status = list.resolve("127.0.0.1", "1");
    EXPECT_EQ(status == RFCTLS_OK, list.list != nullptr);
    return status;
  });
}

TEST(Address, OutlivesItsList) {
  List list;
  ASSERT_EQ(list.resolve("127.0.0.1", "7"), RFCTLS_OK);
  rfctls_address *address = rfctls_address_ref(list.at(0));
  rfctls_addresses_unref(list.list);
  list.list = nullptr;
  EXPECT_STREQ(rfctls_address_ip(address), "127.0.0.1");
  rfctls_address_unref(address);
}

TEST(Address, ThatIsNoneAnswersAll) {
  EXPECT_EQ(rfctls_address_ref(nullptr), nullptr);
  rfctls_address_unref(nullptr);
  EXPECT_EQ(rfctls_address_host(nullptr), nullptr);
  EXPECT_EQ(rfctls_address_ip(nullptr), nullptr);
  EXPECT_EQ(rfctls_address_port(nullptr), 0);
  EXPECT_EQ(rfctls_address_family(nullptr), RFCTLS_FAMILY_ANY);
  rfctls_addresses_unref(nullptr);
  EXPECT_EQ(rfctls_addresses_count(nullptr), 0u);
  EXPECT_EQ(rfctls_addresses_at(nullptr, 0), nullptr);
}

TEST(Address, TextNamesHostIpAndPort) {
  List list;
  char text[64], small[8];
  rfctls_address *named = nullptr;
  ASSERT_EQ(list.resolve("::1", "443"), RFCTLS_OK);
  rfctls__address_text(list.at(0), text, sizeof text);
  EXPECT_STREQ(text, "::1 port 443");
  ASSERT_EQ(rfctls__address_new(rfctls__address_endpoint(list.at(0)), "example.org", &named),
            RFCTLS_OK);
  rfctls__address_text(named, text, sizeof text);
  EXPECT_STREQ(text, "example.org (::1) port 443");
  rfctls__address_text(named, small, sizeof small);
  EXPECT_STREQ(small, "example");
  rfctls_address_unref(named);
}

TEST(Ip, IsToldFromAName) {
  for (const char *text : {"127.0.0.1", "::", "::1", "2001:db8::1", "::ffff:192.0.2.1"}) {
    EXPECT_TRUE(rfctls__os_is_ip(text)) << text;
  }
  for (const char *text :
       {"", "localhost", "1.2.3", "1.2.3.256", "[::1]", "127.0.0.1 ", "1::2::3"}) {
    EXPECT_FALSE(rfctls__os_is_ip(text)) << text;
  }
}

}  // namespace
