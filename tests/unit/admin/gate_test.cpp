// Who may ask what: by socket, token, certificate and Host.
#include "admin/gate.h"

#include "admin/client.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/unit/admin/server_fixture.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sluice {
namespace {

using testing_support::AdminServerTest;
using testing_support::Authority;
using testing_support::get;
using testing_support::KeyPair;
using testing_support::post;
using testing_support::Process;
using testing_support::status_in;

int verdict(const AdminGate& gate, const AdminVisitor& visitor, AdminAccess access) {
  const auto refusal = gate.refuse(visitor, access);
  return refusal ? static_cast<int>(refusal->status) : 200;
}

TEST(SameSecret, ComparesTheWholeOfBoth) {
  EXPECT_TRUE(same_secret("token", "token"));
  EXPECT_TRUE(same_secret("", ""));
  for (const char* other : {"", "t", "toke", "tokem", "tokens", "Token"}) {
    EXPECT_FALSE(same_secret("token", other)) << other;
  }
}

TEST(AdminGate, ShowsFiguresButNoRecordsToWhoeverReachesLoopback) {
  const AdminGate gate("");
  const AdminVisitor local{.door = AdminDoor::Plain, .host = "localhost:9600"};
  EXPECT_EQ(verdict(gate, local, AdminAccess::Open), 200);
  EXPECT_EQ(verdict(gate, local, AdminAccess::Figures), 200);
  EXPECT_EQ(verdict(gate, local, AdminAccess::Data), 403)
      << "any user of the machine can open a TCP port";
}

TEST(AdminGate, ShowsEverythingToWhoeverCanOpenASocketOfTheAgent) {
  for (const AdminDoor door : {AdminDoor::OwnSocket, AdminDoor::UnixSocket}) {
    EXPECT_EQ(verdict(AdminGate(""), {.door = door, .host = "x"}, AdminAccess::Data), 200);
  }
  EXPECT_EQ(verdict(AdminGate("secret"), {.door = AdminDoor::OwnSocket}, AdminAccess::Data), 200);
  EXPECT_EQ(verdict(AdminGate("secret"), {.door = AdminDoor::UnixSocket}, AdminAccess::Data), 401);
}

TEST(AdminGate, WantsTheTokenForEverythingButTheSignOfLife) {
  const AdminGate gate("secret");
  for (const AdminDoor door : {AdminDoor::Plain, AdminDoor::Tls, AdminDoor::TlsWithCertificate}) {
    AdminVisitor visitor{.door = door, .host = "127.0.0.1"};
    EXPECT_EQ(verdict(gate, visitor, AdminAccess::Open), 200);
    EXPECT_EQ(verdict(gate, visitor, AdminAccess::Figures), 401);
    for (const char* wrong : {"secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets",
                              "Bearer  secret", "Basic secret", "Bearersecret"}) {
      visitor.authorization = wrong;
      EXPECT_EQ(verdict(gate, visitor, AdminAccess::Data), 401) << wrong;
      EXPECT_EQ(verdict(gate, visitor, AdminAccess::Figures), 401) << wrong;
    }
    for (const char* right : {"Bearer secret", "bearer secret"}) {
      visitor.authorization = right;
      EXPECT_EQ(verdict(gate, visitor, AdminAccess::Data), 200) << right;
    }
  }
}

TEST(AdminGate, TakesACertificateForAProof) {
  EXPECT_EQ(verdict(AdminGate(""), {.door = AdminDoor::TlsWithCertificate, .host = "edge"},
                    AdminAccess::Data),
            200);
  EXPECT_EQ(verdict(AdminGate(""), {.door = AdminDoor::Tls, .host = "edge"}, AdminAccess::Data),
            403);
}

TEST(AdminGate, AnswersOnlyToNamesThatNobodyCanPointHere) {
  const AdminGate gate("");
  for (const char* own : {"localhost", "LOCALHOST:9600", "127.0.0.1", "127.0.0.1:9600",
                          "[::1]:9600", "[::1]", "192.168.1.7:9600"}) {
    EXPECT_EQ(verdict(gate, {.host = own}, AdminAccess::Open), 200) << own;
  }
  for (const char* foreign : {"evil.example", "evil.example:9600", "localhost.evil.example",
                              "127.0.0.1.evil.example", "1.2.3", "[::1", "127.0.0.1@evil"}) {
    EXPECT_EQ(verdict(gate, {.host = foreign}, AdminAccess::Open), 403) << foreign;
  }
  const AdminVisitor by_name{
      .door = AdminDoor::Plain, .host = "edge.example", .authorization = "Bearer secret"};
  EXPECT_EQ(verdict(AdminGate("secret"), by_name, AdminAccess::Data), 200)
      << "a page of another name cannot know the token";
}

TEST(AdminGate, LetsNoForeignPageChangeAnything) {
  const AdminGate gate("");
  AdminVisitor page{.door = AdminDoor::TlsWithCertificate, .host = "edge:9600", .changes = true};
  EXPECT_EQ(verdict(gate, page, AdminAccess::Data), 200) << "not a browser";
  page.origin = "https://evil.example";
  EXPECT_EQ(verdict(gate, page, AdminAccess::Data), 403);
  page.origin = "null";
  EXPECT_EQ(verdict(gate, page, AdminAccess::Data), 403);
  page.origin = "https://edge:9600";
  EXPECT_EQ(verdict(gate, page, AdminAccess::Data), 200);
}

TEST_F(AdminServerTest, ShowsRecordsAndTakesChangesOnItsSocketOnly) {
  start();
  EXPECT_EQ(ask(get("/figures")), 200);
  EXPECT_EQ(ask(get("/records")), 403);
  EXPECT_EQ(ask(post("/change")), 403);
  EXPECT_EQ(changes_, 0);
  EXPECT_EQ(status_in(answer_of_own_socket(get("/records"))), 200);
  EXPECT_EQ(status_in(answer_of_own_socket(post("/change"))), 200);
  EXPECT_EQ(changes_, 1);
}

TEST_F(AdminServerTest, ChecksTheToken) {
  options_.endpoint.token = "secret";
  start();
  const std::string refused = answer(get("/records", "Authorization: Bearer wrong\r\n"));
  EXPECT_EQ(status_in(refused), 401);
  EXPECT_NE(refused.find("WWW-Authenticate: Bearer"), std::string::npos);
  EXPECT_EQ(refused.find("secret"), std::string::npos);
  EXPECT_EQ(ask(get("/figures")), 401);
  EXPECT_EQ(ask(get("/livez")), 200);
  EXPECT_EQ(ask(get("/records", "Authorization: Bearer secret\r\n")), 200);
  EXPECT_EQ(ask(post("/change", "Authorization: Bearer secret\r\n")), 200);
}

TEST_F(AdminServerTest, DoesNotReadTheBodyOfARequestThatItRefuses) {
  start();
  const std::string refused =
      answer("POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n" +
             std::string(60'000, 'x'));
  EXPECT_EQ(status_in(refused), 403);
  EXPECT_EQ(refused.find("HTTP/1.1 400"), std::string::npos) << "the body is not a request";
}

// curl is a TLS client that shares no code with the server.
class AdminTlsTest : public AdminServerTest {
 protected:
  AdminTlsTest() {
    const KeyPair server = authority_.issue("localhost");
    options_.endpoint.tls = {.cert = server.cert, .key = server.key, .client_ca = ""};
  }

  // The HTTP status, or 0 if there was no connection.
  int curl(std::vector<std::string> arguments, const std::string& path) {
    const std::string url = "https://localhost:" + std::to_string(server_->port()) + path;
    std::vector<std::string> all{"curl",          "-s", "-o",           "/dev/null",  "--cacert",
                                 authority_.ca(), "-w", "%{http_code}", "--max-time", "20"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.push_back(url);
    const std::string output = directory_.file("curl" + std::to_string(++calls_));
    Process process({.arguments = all, .output = output, .environment = {}});
    process.wait(std::chrono::seconds(30));
    std::ifstream file(output);
    int status = 0;
    file >> status;
    return status;
  }

  Authority authority_;
  int calls_ = 0;
};

TEST_F(AdminTlsTest, SpeaksTls) {
  start();
  EXPECT_EQ(curl({}, "/figures"), 200);
  EXPECT_EQ(curl({}, "/records"), 403);
  EXPECT_EQ(curl({"--tls-max", "1.1"}, "/figures"), 0) << "older versions are broken";
  EXPECT_NE(ask(get("/figures")), 200) << "nothing without TLS";
}

TEST_F(AdminTlsTest, WantsACertificateIfItHasIssuersForThem) {
  Authority other;
  options_.endpoint.tls.client_ca = authority_.ca();
  const KeyPair known = authority_.issue("operator");
  const KeyPair unknown = other.issue("operator");
  const KeyPair expired = authority_.issue("former", "DNS:localhost", -1);
  start();
  EXPECT_EQ(curl({}, "/livez"), 0);
  EXPECT_EQ(curl({"--cert", unknown.cert, "--key", unknown.key}, "/livez"), 0);
  EXPECT_EQ(curl({"--cert", expired.cert, "--key", expired.key}, "/livez"), 0);
  EXPECT_EQ(curl({"--cert", known.cert, "--key", known.key}, "/records"), 200);
  options_.endpoint.token = "secret";
  start();
  EXPECT_EQ(curl({"--cert", known.cert, "--key", known.key}, "/records"), 401) << "both are needed";
}

TEST_F(AdminTlsTest, EndsAHandshakeThatStopsInTheMiddle) {
  options_.limits.request = std::chrono::milliseconds(50);
  start();
  const testing_support::RawClient stalled(server_->port());
  stalled.send(std::string("\x16\x03\x01\x02\x00", 5));
  EXPECT_TRUE(stalled.rest().has_value());
}

TEST_F(AdminTlsTest, WaitsForItsCertificateToAppear) {
  const std::string real = options_.endpoint.tls.cert;
  options_.endpoint.tls.cert = directory_.file("later.pem");
  start();
  EXPECT_EQ(server_->port(), 0);
  EXPECT_EQ(status_in(answer_of_own_socket(get("/livez"))), 200);
  std::filesystem::copy_file(real, options_.endpoint.tls.cert);
  EXPECT_TRUE(testing_support::eventually([&] { return server_->port() != 0; }));
  EXPECT_EQ(curl({}, "/figures"), 200);
}

}  // namespace
}  // namespace sluice
