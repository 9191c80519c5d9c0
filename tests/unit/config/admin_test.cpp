// The section `admin`: where the endpoint listens, and what it takes to listen elsewhere.
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test

using List = std::vector<std::string>;
using Kind = AdminAddress::Kind;

AdminAddress listening(const std::string& text) {
  const LoadedConfig loaded =
      load(with_top("admin: {listen: \"" + text + "\", token: \"${T:-t}\"}"));
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  return loaded.config.admin.listen;
}

TEST(AdminSection, ListensOnLoopbackUnlessToldOtherwise) {
  const AdminAddress address = load(kSource + kFlow + kSink).config.admin.listen;
  EXPECT_EQ(address.kind, Kind::Tcp);
  EXPECT_EQ(address.host, "127.0.0.1");
  EXPECT_EQ(address.port, 9600);
}

TEST(AdminSection, TakesAddressesSocketsAndOff) {
  EXPECT_EQ(listening("off").kind, Kind::Off);
  EXPECT_EQ(listening("unix:/run/sluice/admin.sock").kind, Kind::Unix);
  EXPECT_EQ(listening("unix:/run/sluice/admin.sock").path, "/run/sluice/admin.sock");
  EXPECT_EQ(listening("192.168.1.2:80").host, "192.168.1.2");
  EXPECT_EQ(listening("192.168.1.2:80").port, 80);
  EXPECT_EQ(listening("[::1]:9600").host, "::1");
  EXPECT_EQ(listening("localhost:9600").host, "127.0.0.1");
}

TEST(AdminSection, RefusesWhatIsNoAddress) {
  for (const char* wrong : {"", "on", "9600", ":9600", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
                            "127.0.0.1:65536", "127.0.0.1:9600x", "::1:9600", "[127.0.0.1]:9600",
                            "edge.example:9600", "unix:", "unix:relative", "unix:/dir/"}) {
    EXPECT_EQ(findings(with_top("admin: {listen: \"" + std::string(wrong) + "\"}")),
              List{"1:17 error admin.listen"})
        << wrong;
  }
}

TEST(AdminSection, IsOpenToOtherMachinesOnlyForWhoProvesWhoHeIs) {
  const EnvironmentVariable token("SLUICE_TEST_TOKEN", "secret");
  for (const char* open : {"0.0.0.0:9600", "[::]:9600", "192.168.1.2:9600"}) {
    const std::string begin = "admin: {listen: \"" + std::string(open) + "\"";
    EXPECT_EQ(findings(with_top(begin + "}")), List{"1:17 error admin.listen"}) << open;
    EXPECT_EQ(findings(with_top(begin + ", tls: {cert: a, key: b}}")),
              List{"1:17 error admin.listen"})
        << "TLS alone tells nothing about the client";
    EXPECT_EQ(findings(with_top(begin + ", token: \"${SLUICE_TEST_TOKEN}\"}")),
              List{"1:17 warning admin.listen"})
        << "plain text";
    EXPECT_EQ(findings(with_top(begin + ", tls: {cert: a, key: b, client_ca: c}}")), List{});
    EXPECT_EQ(
        findings(with_top(begin + ", token: \"${SLUICE_TEST_TOKEN}\", tls: {cert: a, key: b}}")),
        List{});
  }
  for (const char* closed : {"127.0.0.1:9600", "127.8.9.1:1", "[::1]:9600", "unix:/s", "off"}) {
    EXPECT_EQ(findings(with_top("admin: {listen: \"" + std::string(closed) + "\"}")), List{});
  }
}

TEST(AdminSection, WantsCertificateAndKeyTogether) {
  EXPECT_EQ(findings(with_top("admin: {tls: {cert: a}}")), List{"1:21 error admin.tls.cert"});
  EXPECT_EQ(findings(with_top("admin: {tls: {key: a}}")), List{"1:20 error admin.tls.key"});
  EXPECT_EQ(findings(with_top("admin: {tls: {client_ca: a}}")),
            List{"1:26 error admin.tls.client_ca"});
  EXPECT_EQ(findings(with_top("admin: {listen: off, tls: {cert: a, key: b}}")),
            List{"1:27 warning admin.tls"});
}

TEST(AdminSection, KeepsTheTokenSecret) {
  const std::string text = report(with_top("admin: {token: hunter2, x: 1}"));
  EXPECT_NE(text.find("admin.token"), std::string::npos) << "better from a file";
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  EXPECT_FALSE(load(with_top("admin: {token: \"\"}")).ok());
  EXPECT_FALSE(load(with_top("admin: {token: \"a b\"}")).ok());
}

}  // namespace
}  // namespace sluice
