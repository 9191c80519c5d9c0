#include "net/url.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Url, TakesEveryPartApart) {
  const auto url = parse_url("HTTPS://us%65r:p%3Aw@example.com:8443/v1/records?x=1#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->user, "user");
  EXPECT_EQ(url->password, "p:w");
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->target, "/v1/records?x=1");
  EXPECT_TRUE(url->secure());
  EXPECT_EQ(url->authority(), "example.com:8443");
}

TEST(Url, FillsInPortAndTarget) {
  const auto url = parse_url("mqtt://localhost");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->port, "1883");
  EXPECT_EQ(url->target, "/");
  EXPECT_FALSE(url->secure());
  EXPECT_EQ(url->authority(), "localhost");
}

TEST(Url, KnowsThePortOfEveryScheme) {
  for (const auto& [text, port] : {std::pair{"http://h", "80"},
                                   {"https://h", "443"},
                                   {"mqtts://h", "8883"},
                                   {"ws://h", "80"},
                                   {"wss://h", "443"}}) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->port, port) << text;
  }
}

TEST(Url, PutsBracketsAroundAnIpv6AddressOnlyInTheAuthority) {
  const auto url = parse_url("http://[::1]:8080?q=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->target, "/?q=1");
  EXPECT_EQ(url->authority(), "[::1]:8080");
}

TEST(Url, RejectsWhatIsNotAnAddress) {
  for (const char* text :
       {"", "localhost:1883", "ftp://host", "http://", "http://:80", "http://host:0",
        "http://host:65536", "http://host:8x", "http://host:", "http://[::1", "http://[::1]x",
        "http://us%zz@host", "http://ho st", "http://host/a\r\nX-Injected: 1"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().reaction, Reaction::Reject);
  }
}

}  // namespace
}  // namespace sluice
