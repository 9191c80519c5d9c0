// Every attempt to change something leaves one line: what was asked, by whom, and what came of it.
#include "tests/unit/admin/server_fixture.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace sluice::testing_support {
namespace {

using Lines = std::vector<std::string>;

class Audit : public AdminServerTest {
 protected:
  Audit() : usual_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
    options_.endpoint.token = "s3cret";
  }
  ~Audit() override {
    server_.reset();
    spdlog::set_default_logger(usual_);
  }

  // The server has ended: nothing writes any more.
  Lines audited() {
    server_.reset();
    std::istringstream log(log_.str());
    Lines lines;
    for (std::string line; std::getline(log, line);) {
      if (line.starts_with("audit ")) {
        lines.push_back(line);
      }
    }
    return lines;
  }

 private:
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> usual_;
};

TEST_F(Audit, TellsWhatWasDoneAndByWhom) {
  start();
  ASSERT_EQ(ask(post("/change?flow=a", "Authorization: Bearer s3cret\r\n")), 200);
  ASSERT_EQ(status_in(answer_of_own_socket(post("/change"))), 200);
  const std::string us = "uid=" + std::to_string(::getuid()) + " pid=" + std::to_string(::getpid());
  EXPECT_EQ(audited(),
            (Lines{"audit request=\"POST\" target=\"/change?flow=a\" from=127.0.0.1 status=200",
                   "audit request=\"POST\" target=\"/change\" from=" + us + " status=200"}));
}

TEST_F(Audit, TellsWhatWasRefused) {
  start();
  ASSERT_EQ(ask(post("/change")), 401);
  ASSERT_EQ(ask(post("/change", "Authorization: Bearer wr0ng\r\n")), 401);
  ASSERT_EQ(ask("DELETE /nothing HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer s3cret\r\n"
                "Connection: close\r\n\r\n"),
            404);
  const Lines lines = audited();
  EXPECT_EQ(lines,
            (Lines{"audit request=\"POST\" target=\"/change\" from=127.0.0.1 status=401",
                   "audit request=\"POST\" target=\"/change\" from=127.0.0.1 status=401",
                   "audit request=\"DELETE\" target=\"/nothing\" from=127.0.0.1 status=404"}));
  EXPECT_EQ(changes_, 0);
}

TEST_F(Audit, IsSilentAboutWhoOnlyLooks) {
  start();
  ASSERT_EQ(ask(get("/livez")), 200);
  ASSERT_EQ(ask(get("/records", "Authorization: Bearer s3cret\r\n")), 200);
  ASSERT_EQ(ask(get("/records")), 401);
  EXPECT_EQ(audited(), Lines{});
}

TEST_F(Audit, CannotBeForged) {
  start();
  ask("POST /change\"\taudit HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  for (const std::string& line : audited()) {
    EXPECT_EQ(std::count(line.begin(), line.end(), '"'), 4) << line;
  }
}

}  // namespace
}  // namespace sluice::testing_support
