// What the server answers, and what it does about clients that do not keep to the rules.
#include "admin/server.h"

#include "tests/support/process.h"
#include "tests/unit/admin/server_fixture.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace sluice {
namespace {

using testing_support::AdminServerTest;
using testing_support::eventually;
using testing_support::get;
using testing_support::post;
using testing_support::RawClient;
using testing_support::status_in;

TEST_F(AdminServerTest, AnswersOnItsPortAndOnItsSocket) {
  start();
  EXPECT_TRUE(answer(get("/livez")).ends_with("\r\n\r\nok"));
  EXPECT_TRUE(answer_of_own_socket(get("/livez")).ends_with("\r\n\r\nok"));
}

TEST_F(AdminServerTest, TakesSeveralRequestsOverOneConnection) {
  start();
  const RawClient client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /figures HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(client.until("\r\n\r\n42").ends_with("42"));
  }
  client.send(
      "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /figures HTTP/1.1\r\nHost: a\r\n"
      "Connection: close\r\n\r\n");
  const std::string both = client.rest().value_or("");
  EXPECT_EQ(status_in(both), 200) << "of two sent at once, the first";
  EXPECT_NE(both.find("HTTP/1.1 403"), std::string::npos) << "and the second by its own header";
}

TEST_F(AdminServerTest, AnswersHeadWithoutTheBody) {
  serve("/pieces", {"a", "b"});
  start();
  const std::string whole = answer(
      "HEAD /figures HTTP/1.1\r\nHost: localhost\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_NE(whole.find("Content-Length: 2"), std::string::npos);
  EXPECT_TRUE(whole.ends_with("\r\n\r\n")) << whole;
  const std::string pieces = answer(
      "HEAD /pieces HTTP/1.1\r\nHost: localhost\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_TRUE(pieces.ends_with("\r\n\r\n")) << pieces;
}

TEST_F(AdminServerTest, LetsABrowserLoadNothingUnlessAnAnswerSaysOtherwise) {
  routes_.add(AdminMethod::Get, "/page", AdminAccess::Open, [](const AdminRequest&) {
    return AdminResponse{.content_security_policy = "script-src 'self'"};
  });
  start();
  const std::string figures = answer(get("/figures"));
  EXPECT_NE(
      figures.find("\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"),
      std::string::npos)
      << figures;
  EXPECT_NE(figures.find("\r\nReferrer-Policy: no-referrer\r\n"), std::string::npos) << figures;
  const std::string page = answer(get("/page"));
  EXPECT_NE(page.find("\r\nContent-Security-Policy: script-src 'self'\r\n"), std::string::npos)
      << page;
}

TEST_F(AdminServerTest, KnowsWhichMethodsAPathHas) {
  start();
  EXPECT_EQ(ask(get("/nothing")), 404);
  const std::string wrong = answer(get("/change"));
  EXPECT_EQ(status_in(wrong), 405);
  EXPECT_NE(wrong.find("Allow: POST"), std::string::npos);
  EXPECT_EQ(ask("BREW /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 405);
}

TEST_F(AdminServerTest, DecodesTheQuery) {
  start();
  EXPECT_TRUE(answer_of_own_socket(get("/records?flow=a%20b%2Bc+d")).ends_with("of a b+c d"));
  EXPECT_EQ(status_in(answer_of_own_socket(get("/records?flow=%zz"))), 400);
  EXPECT_EQ(status_in(answer_of_own_socket(get("/records?flow=%4"))), 400);
  EXPECT_EQ(status_in(answer_of_own_socket(get("/records?flow=%00"))), 400);
  EXPECT_EQ(status_in(answer_of_own_socket(get("/records?flow=a&flow=b"))), 400);
}

TEST_F(AdminServerTest, GivesTheBodyOfARequestToItsHandler) {
  start();
  const std::string request =
      "POST /change HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Content-Length: 5\r\n\r\nhello";
  EXPECT_TRUE(answer_of_own_socket(request).ends_with("took hello"));
  EXPECT_EQ(changes_, 1);
}

TEST_F(AdminServerTest, InvitesABodyThatWaitsToBeInvited) {
  start();
  const RawClient client(options_.own_socket);
  client.send(
      "POST /change HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_TRUE(client.until("\r\n\r\n").starts_with("HTTP/1.1 100"));
  client.send("hello");
  EXPECT_TRUE(client.rest().value_or("").ends_with("took hello"));
}

TEST_F(AdminServerTest, SendsALongAnswerInPieces) {
  serve("/pieces", {"first", "", "second"});
  start();
  const std::string answered = answer(get("/pieces"));
  EXPECT_EQ(status_in(answered), 200);
  EXPECT_TRUE(answered.ends_with("\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n")) << answered;
  const std::string old = answer("GET /pieces HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n\r\nfirstsecond")) << old;
  EXPECT_EQ(old.find("chunked"), std::string::npos) << "HTTP/1.0 does not know chunks";
}

TEST_F(AdminServerTest, TurnsAnErrorBeforeTheFirstPieceIntoAStatus) {
  serve("/rejects", {}, Error{Reaction::Reject, "no such flow"});
  serve("/retries", {}, Error{Reaction::Retry, "busy"});
  serve("/fatal", {}, Error{Reaction::Fatal, "broken"});
  start();
  const std::string rejected = answer(get("/rejects"));
  EXPECT_EQ(status_in(rejected), 400);
  EXPECT_TRUE(rejected.ends_with("{\"error\":\"no such flow\"}\n")) << rejected;
  EXPECT_EQ(ask(get("/retries")), 503);
  EXPECT_EQ(ask(get("/fatal")), 500);
}

TEST_F(AdminServerTest, BreaksOffAnAnswerThatFailsHalfWay) {
  serve("/half", {"first"}, Error{Reaction::Fatal, "broken"});
  start();
  const std::string answered = answer(get("/half"));
  EXPECT_NE(answered.find("first"), std::string::npos);
  EXPECT_FALSE(answered.ends_with("0\r\n\r\n")) << "half an answer must not look like a whole one";
}

TEST_F(AdminServerTest, AsksForTheNextPieceOnlyWhenTheClientHasTakenTheOneBefore) {
  const std::vector<std::string> pieces(64, std::string(1024UL * 1024, 'x'));
  serve("/huge", pieces);
  start();
  const RawClient slow(server_->port());
  slow.send(get("/huge"));
  ASSERT_TRUE(eventually([&] { return asked_ > 0; }));
  // Others are answered meanwhile, so this one has had its turn.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(ask(get("/livez")), 200);
  }
  EXPECT_LT(asked_, pieces.size() / 2) << "the sockets hold a few MiB, not all of it";
  const std::string all = slow.rest().value_or("");
  EXPECT_GT(all.size(), pieces.size() * pieces.front().size());
}

TEST_F(AdminServerTest, GivesUpOnAHandlerThatDoesNotAnswer) {
  struct SilentBody final : AdminBody {
    explicit SilentBody(AdminChunkHandler& kept) : kept_(kept) {}
    void next(AdminChunkHandler then) override { kept_ = std::move(then); }
    AdminChunkHandler& kept_;
  };
  AdminChunkHandler kept;
  routes_.add(AdminMethod::Get, "/silent", AdminAccess::Open, [&kept](const AdminRequest&) {
    return AdminResponse{.body = std::make_unique<SilentBody>(kept)};
  });
  options_.limits.answer = std::chrono::milliseconds(30);
  start();
  EXPECT_EQ(ask(get("/silent")), 503);
  kept(std::optional<std::string>("too late"));
  EXPECT_EQ(ask(get("/livez")), 200);
  server_.reset();
  kept(std::optional<std::string>("much too late"));
}

TEST_F(AdminServerTest, MakesPiecesOnAnotherThreadWhileClientsComeAndGo) {
  struct ThreadedBody final : AdminBody {
    explicit ThreadedBody(std::list<std::jthread>& threads) : threads_(threads) {}
    void next(AdminChunkHandler then) override {
      threads_.emplace_back([then = std::move(then), last = ++count_ > 3] {
        then(last ? std::optional<std::string>() : std::optional<std::string>("piece"));
      });
    }
    std::list<std::jthread>& threads_;
    int count_ = 0;
  };
  std::list<std::jthread> threads;  // filled by the admin thread, emptied when that is gone
  routes_.add(AdminMethod::Get, "/threaded", AdminAccess::Open, [&threads](const AdminRequest&) {
    return AdminResponse{.body = std::make_unique<ThreadedBody>(threads)};
  });
  start();
  for (int i = 0; i < 50; ++i) {
    const RawClient impatient(server_->port());
    impatient.send(get("/threaded"));
  }
  EXPECT_TRUE(answer(get("/threaded")).ends_with("0\r\n\r\n"));
  const RawClient last(server_->port());
  last.send(get("/threaded"));
  server_.reset();
}

TEST_F(AdminServerTest, EndsARequestThatStopsInTheMiddle) {
  options_.limits.request = std::chrono::milliseconds(50);
  start();
  for (const char* half :
       {"", "GET /livez HTT", "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: y",
        "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nh"}) {
    const RawClient stalled(server_->port());
    stalled.send(half);
    EXPECT_TRUE(stalled.rest().has_value()) << half;
  }
}

TEST_F(AdminServerTest, GivesAClientThatSendsAByteNowAndThenNoMoreTime) {
  options_.limits.request = std::chrono::milliseconds(100);
  start();
  const RawClient loris(server_->port());
  loris.send("GET /livez HTTP/1.1\r\n");
  std::atomic<bool> ended = false;
  std::jthread drip([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && !ended) {
      loris.send("X-A: b\r\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  EXPECT_TRUE(loris.rest().has_value()) << "it is never silent for long, but never done either";
  ended = true;
}

TEST_F(AdminServerTest, DropsAClientThatDoesNotReadItsAnswer) {
  serve("/huge", std::vector<std::string>(64, std::string(1024UL * 1024, 'x')));
  options_.limits.write = std::chrono::milliseconds(50);
  options_.limits.connections = 1;
  start();
  const RawClient deaf(server_->port());
  deaf.send(get("/huge"));
  ASSERT_TRUE(eventually([&] { return asked_ > 0; }));
  EXPECT_TRUE(eventually([&] { return ask(get("/livez")) == 200; })) << "its place is free again";
}

TEST_F(AdminServerTest, TellsTheSixtyFifthConnectionToComeLater) {
  start();
  std::list<RawClient> clients;
  for (std::size_t i = 0; i < 64; ++i) {
    RawClient& client = clients.emplace_back(server_->port());
    client.send("GET /figures HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(client.until("\r\n\r\n42").ends_with("42")) << i;
  }
  const RawClient one_more(server_->port());
  const std::string refused = one_more.rest().value_or("");
  EXPECT_EQ(status_in(refused), 503);
  EXPECT_TRUE(refused.ends_with("{\"error\":\"too many connections\"}\n")) << refused;
  EXPECT_EQ(status_in(answer_of_own_socket(get("/livez"))), 200)
      << "the tools have places of their own";
  clients.pop_front();
  EXPECT_TRUE(eventually([&] { return ask(get("/livez")) == 200; }));
}

TEST_F(AdminServerTest, AnswersMalformedRequestsWithAnErrorAndCloses) {
  start();
  const std::string host = "Host: localhost\r\n";
  const std::vector<std::string> malformed{
      "\r\n\r\n\r\n",
      "GET\r\n\r\n",
      "GET /livez\r\n\r\n",
      "GET /livez HTTP/9.9\r\n" + host + "\r\n",
      "GET /livez HTTP/1.1\r\n\r\n",
      "GET /livez HTTP/1.1\r\n" + host + host + "\r\n",
      "GET /livez HTTP/1.1\r\n" + host + "no colon\r\n\r\n",
      "GET http://localhost/livez HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
      "GET livez HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
      "POST /change HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
      "POST /change HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST /change HTTP/1.1\r\n" + host +
          "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      std::string("GET /li\0vez HTTP/1.1\r\n\r\n", 24),
      std::string(200, '\xFF') + "\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
  };
  for (const std::string& request : malformed) {
    const RawClient client(options_.own_socket);
    client.send(request + "Connection: close\r\n\r\n");
    const auto answered = client.rest();
    ASSERT_TRUE(answered.has_value()) << request;
    EXPECT_EQ(status_in(*answered), 400) << request << '\n' << *answered;
  }
  EXPECT_EQ(changes_, 0);
}

TEST_F(AdminServerTest, LimitsTheSizeOfARequest) {
  start();
  EXPECT_EQ(ask(get("/livez", "X: " + std::string(9'000, 'x') + "\r\n")), 431);
  EXPECT_EQ(ask(get("/livez?" + std::string(9'000, 'x'))), 431);
  const std::string head = "POST /change HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  EXPECT_EQ(status_in(answer_of_own_socket(head + "Content-Length: 70000\r\n\r\n")), 413);
  EXPECT_EQ(status_in(answer_of_own_socket(head + "Transfer-Encoding: chunked\r\n\r\n11171\r\n" +
                                           std::string(70'001, 'x') + "\r\n0\r\n\r\n")),
            413);
  EXPECT_EQ(changes_, 0);
}

TEST_F(AdminServerTest, KeepsTryingWhileItsPortIsTaken) {
  auto taken = std::make_unique<Result<ListeningSocket>>(listen_tcp("127.0.0.1", 0));
  ASSERT_TRUE(*taken);
  options_.endpoint.listen.port = (*taken)->port();
  start();
  EXPECT_EQ(server_->port(), 0);
  EXPECT_EQ(status_in(answer_of_own_socket(get("/livez"))), 200);
  taken.reset();
  EXPECT_TRUE(eventually([&] { return server_->port() != 0; }));
  EXPECT_EQ(ask(get("/livez")), 200);
}

TEST_F(AdminServerTest, ReplacesTheSocketOfAnAgentThatWasKilled) {
  {
    const Result<ListeningSocket> dead = listen_unix(options_.own_socket, Leftover::Replace);
    ASSERT_TRUE(dead);
  }
  ASSERT_TRUE(std::filesystem::exists(options_.own_socket)) << "nobody removed it";
  start();
  EXPECT_EQ(status_in(answer_of_own_socket(get("/livez"))), 200);
}

TEST_F(AdminServerTest, DoesNotRemoveAFileThatIsNotASocket) {
  std::ofstream(options_.own_socket) << "precious";
  start();
  EXPECT_EQ(ask(get("/livez")), 200);
  EXPECT_EQ(std::filesystem::file_size(options_.own_socket), 8U);
  std::filesystem::remove(options_.own_socket);
  EXPECT_TRUE(eventually([&] { return status_in(answer_of_own_socket(get("/livez"))) == 200; }));
}

TEST_F(AdminServerTest, LeavesASocketAloneThatSomebodyListensOn) {
  const std::string path = directory_.file("shared.sock");
  options_.endpoint.listen = {
      .kind = AdminAddress::Kind::Unix, .host = "", .port = 0, .path = path};
  start();
  ASSERT_EQ(status_in(answer_of_own_socket(get("/livez"))), 200);
  EXPECT_FALSE(listen_unix(path, Leftover::ReplaceIfDead));
  const RawClient client(path);
  client.send(get("/livez"));
  EXPECT_EQ(status_in(client.rest().value_or("")), 200);
}

TEST_F(AdminServerTest, OpensItsSocketForNobodyElseAndRemovesItAtTheEnd) {
  start();
  struct stat mode {};
  ASSERT_EQ(::stat(options_.own_socket.c_str(), &mode), 0);
  EXPECT_EQ(mode.st_mode & 0777U, 0600U);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(options_.own_socket));
}

TEST_F(AdminServerTest, ListensUnderAPathThatIsTooLongForASocket) {
  const std::string deep = directory_.file(std::string(120, 'd'));
  std::filesystem::create_directory(deep);
  options_.own_socket = deep + "/sluice.sock";
  start();
  EXPECT_EQ(status_in(answer_of_own_socket(get("/livez"))), 200);
}

TEST_F(AdminServerTest, DoesWithoutAPortIfToldTo) {
  options_.endpoint.listen.kind = AdminAddress::Kind::Off;
  start();
  EXPECT_EQ(server_->port(), 0);
  EXPECT_EQ(status_in(answer_of_own_socket(get("/livez"))), 200);
}

}  // namespace
}  // namespace sluice
