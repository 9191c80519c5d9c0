// A server on a free port with a few routes.
#pragma once

#include "admin/server.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/admin/conversation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing_support {

// Gives out `pieces`, then the end or an error; counts what it has been asked for.
class ListedBody final : public AdminBody {
 public:
  ListedBody(std::vector<std::string> pieces, std::optional<Error> error,
             std::atomic<std::size_t>& asked)
      : pieces_(std::move(pieces)), error_(std::move(error)), asked_(asked) {}

  void next(AdminChunkHandler then) override {
    ++asked_;
    if (next_ < pieces_.size()) {
      return then(std::optional(pieces_[next_++]));
    }
    error_ ? then(*error_) : then(std::optional<std::string>());
  }

 private:
  std::vector<std::string> pieces_;
  std::optional<Error> error_;
  std::atomic<std::size_t>& asked_;
  std::size_t next_ = 0;
};

class AdminServerTest : public testing::Test {
 protected:
  AdminServerTest() {
    options_.own_socket = directory_.file("sluice.sock");
    options_.endpoint.listen.port = 0;
    options_.limits.retry = std::chrono::milliseconds(10);
    routes_.add(AdminMethod::Get, "/livez", AdminAccess::Open,
                [](const AdminRequest&) { return AdminResponse{.text = "ok"}; });
    routes_.add(AdminMethod::Get, "/figures", AdminAccess::Figures,
                [](const AdminRequest&) { return AdminResponse{.text = "42"}; });
    routes_.add(AdminMethod::Get, "/records", AdminAccess::Data, [](const AdminRequest& request) {
      const std::string* flow = request.find("flow");
      return AdminResponse{.text = flow != nullptr ? "of " + *flow : "all"};
    });
    routes_.add(AdminMethod::Post, "/change", AdminAccess::Data,
                [this](const AdminRequest& request) {
                  ++changes_;
                  return AdminResponse{.text = "took " + request.body};
                });
  }

  void serve(const std::string& path, std::vector<std::string> pieces,
             const std::optional<Error>& error = std::nullopt) {
    routes_.add(AdminMethod::Get, path, AdminAccess::Open,
                [this, pieces = std::move(pieces), error](const AdminRequest&) {
                  return AdminResponse{.body = std::make_unique<ListedBody>(pieces, error, asked_)};
                });
  }

  AdminServer& start() {
    server_ = std::make_unique<AdminServer>(options_, routes_);
    server_->start();
    return *server_;
  }
  int ask(const std::string& request) { return status_of(server_->port(), request); }
  std::string answer(const std::string& request) {
    const RawClient client(server_->port());
    client.send(request);
    return client.rest().value_or("the connection stays open");
  }
  std::string answer_of_own_socket(const std::string& request) {
    const RawClient client(options_.own_socket);
    client.send(request);
    return client.rest().value_or("the connection stays open");
  }

  const TempDirectory directory_;
  AdminServerOptions options_;
  AdminRoutes routes_;
  std::atomic<int> changes_ = 0;
  std::atomic<std::size_t> asked_ = 0;
  std::unique_ptr<AdminServer> server_;
};

}  // namespace sluice::testing_support
