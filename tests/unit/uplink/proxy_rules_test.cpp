#include "uplink/http_proxy.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sluice {
namespace {

Url url(const std::string& text) {
  return *parse_url(text);
}

bool excluded(const std::string& host, const std::string& list) {
  return without_proxy(url("https://" + host), list);
}

// host:port of the proxy, or what is the matter.
std::string proxy_of(const std::string& to, const ProxyEnvironment& environment,
                     const Url& configured = {}) {
  const auto proxy = proxy_for(url(to), configured, environment);
  if (!proxy) {
    return "rejected: " + proxy.error().message;
  }
  return *proxy ? (*proxy)->url.host + ':' + (*proxy)->url.port : "none";
}

TEST(NoProxy, NamesHostsAndWhatIsBelowThem) {
  EXPECT_TRUE(excluded("example.com", "example.com"));
  EXPECT_TRUE(excluded("a.b.example.com", "example.com"));
  EXPECT_TRUE(excluded("a.example.com", ".example.com"));
  EXPECT_TRUE(excluded("a.example.com", "*.example.com"));
  EXPECT_TRUE(excluded("example.com", ".example.com"));
  EXPECT_TRUE(excluded("EXAMPLE.com", "Example.COM"));
  EXPECT_TRUE(excluded("c", "a, b ,c,,\td"));
  EXPECT_TRUE(excluded("d", "a, b ,c,,\td"));
  EXPECT_TRUE(excluded("anything", "x,*"));
  EXPECT_FALSE(excluded("badexample.com", "example.com"));
  EXPECT_FALSE(excluded("example.com.evil", "example.com"));
  EXPECT_FALSE(excluded("example.com", "a.example.com"));
  EXPECT_FALSE(excluded("example.com", ""));
  EXPECT_FALSE(excluded("example.com", ". , [ [] : ,"));
}

TEST(NoProxy, ComparesPortsAndAddresses) {
  EXPECT_TRUE(excluded("example.com:8443", "example.com:8443"));
  EXPECT_TRUE(excluded("example.com", "example.com:443"));
  EXPECT_FALSE(excluded("example.com", "example.com:8443"));
  EXPECT_TRUE(excluded("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(excluded("10.1.2.3", "10.1.2.0/24")) << "ranges are not understood";
  EXPECT_TRUE(excluded("[2001:db8::1]", "2001:db8::1"));
  EXPECT_TRUE(excluded("[2001:db8::1]", "[2001:db8::1]"));
  EXPECT_TRUE(excluded("[2001:db8::1]:8443", "[2001:db8::1]:8443"));
  EXPECT_FALSE(excluded("[2001:db8::1]", "[2001:db8::1]:8443"));
}

TEST(NoProxy, IsNeverNeededForThisMachine) {
  for (const char* host :
       {"localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"}) {
    EXPECT_TRUE(excluded(host, "")) << host;
  }
  EXPECT_FALSE(excluded("128.0.0.1", ""));
}

TEST(Proxy, ComesFromTheVariableForTheScheme) {
  const ProxyEnvironment both{
      .http = "http://a:1", .https = "http://b:2", .all = "http://c:3", .exclude = "inside"};
  EXPECT_EQ(proxy_of("http://h", both), "a:1");
  EXPECT_EQ(proxy_of("https://h", both), "b:2");
  EXPECT_EQ(proxy_of("https://x.inside", both), "none");
  const ProxyEnvironment all{.http = "", .https = "", .all = "c", .exclude = ""};
  EXPECT_EQ(proxy_of("http://h", all), "c:80") << "a scheme is not needed";
  EXPECT_EQ(proxy_of("https://h", all), "c:80");
  EXPECT_EQ(proxy_of("https://h", {}), "none");
}

TEST(Proxy, ThatIsConfiguredIsUsedForEverything) {
  const ProxyEnvironment environment{.http = "", .https = "http://b:2", .all = "", .exclude = "*"};
  EXPECT_EQ(proxy_of("https://h", environment, url("http://own:3128")), "own:3128");
  EXPECT_EQ(proxy_of("http://localhost", environment, url("http://own:3128")), "own:3128");
}

TEST(Proxy, CarriesItsCredentials) {
  const auto proxy = proxy_for(url("https://h"), url("http://Aladdin:open%20sesame@p:1"), {});
  ASSERT_TRUE(proxy);
  EXPECT_EQ((*proxy)->authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ((*proxy_for(url("https://h"), url("http://p"), {}))->authorization, "");
}

TEST(Proxy, ThatIsNoneIsRejectedWithoutRepeatingIt) {
  for (const char* bad : {"socks5://me:hunter2@h:1", "https://me:hunter2@h", "http://",
                          "http://me:hunter2@h:99999", "h h"}) {
    const std::string said =
        proxy_of("https://h", {.http = "", .https = bad, .all = "", .exclude = ""});
    EXPECT_TRUE(said.starts_with("rejected: ")) << bad;
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
  }
}

// Tests of one executable run one after the other, so nobody reads meanwhile.
class ProxyEnvironmentTest : public ::testing::Test {
 public:
  ProxyEnvironmentTest() { clear(); }
  ~ProxyEnvironmentTest() override { clear(); }

 protected:
  static void clear() {
    for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy",
                             "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
    }
  }
  static void set(const char* name, const char* value) {
    setenv(name, value, 1);  // NOLINT(concurrency-mt-unsafe)
  }
};

TEST_F(ProxyEnvironmentTest, PrefersLowerCase) {
  set("HTTPS_PROXY", "upper");
  set("ALL_PROXY", "upper");
  set("NO_PROXY", "upper");
  EXPECT_EQ(proxy_environment().https, "upper");
  EXPECT_EQ(proxy_environment().all, "upper");
  EXPECT_EQ(proxy_environment().exclude, "upper");
  set("https_proxy", "lower");
  set("all_proxy", "lower");
  set("no_proxy", "lower");
  EXPECT_EQ(proxy_environment().https, "lower");
  EXPECT_EQ(proxy_environment().all, "lower");
  EXPECT_EQ(proxy_environment().exclude, "lower");
  set("https_proxy", "");
  EXPECT_EQ(proxy_environment().https, "upper") << "empty is like not there";
}

TEST_F(ProxyEnvironmentTest, DoesNotBelieveHttpProxyInUpperCase) {
  set("HTTP_PROXY", "from outside");
  EXPECT_EQ(proxy_environment().http, "");
  set("http_proxy", "own");
  EXPECT_EQ(proxy_environment().http, "own");
}

}  // namespace
}  // namespace sluice
