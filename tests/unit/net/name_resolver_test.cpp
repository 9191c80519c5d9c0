// Lookups that take for ever: the getaddrinfo() of this program keeps some of them waiting.
#include "net/name_resolver.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using boost::asio::io_context;
using boost::asio::ip::tcp;

constexpr std::chrono::seconds kLongEnough{20};

// Lookups of "slow.test" wait until they are let go, and find 192.0.2.7 then.
class NameServer {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return answering_; });
    --waiting_;
    changed_.notify_all();
  }
  void hold() {
    const std::scoped_lock lock(mutex_);
    answering_ = false;
    asked_ = 0;
  }
  void answer() {
    std::unique_lock lock(mutex_);
    answering_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return waiting_ == 0; });
  }
  [[nodiscard]] bool has_asked(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLongEnough, [&] { return waiting_ >= count; });
  }
  [[nodiscard]] int asked() {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }
  [[nodiscard]] int waiting() {
    const std::scoped_lock lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool answering_ = true;
  int waiting_ = 0;
  int asked_ = 0;
};

NameServer& server() {
  static NameServer instance;
  return instance;
}

class NameResolverTest : public testing::Test {
 protected:
  NameResolverTest() { server().hold(); }
  ~NameResolverTest() override { server().answer(); }

  void ask(NameResolver& resolver, const std::string& host) {
    resolver.resolve(host, "1883", [this, host](const auto& failure, const auto& found) {
      std::string text = host + ':';
      for (const auto& each : found) {
        text += ' ' + each.endpoint().address().to_string() + '/' +
                std::to_string(each.endpoint().port());
      }
      answers_.push_back(failure ? host + " fails" : text);
    });
  }
  bool wait_for_answers(std::size_t count) {
    io_.restart();
    const auto deadline = std::chrono::steady_clock::now() + kLongEnough;
    while (answers_.size() < count && io_.run_one_until(deadline) > 0) {
    }
    return answers_.size() >= count;
  }

  io_context io_;
  std::vector<std::string> answers_;
};

TEST_F(NameResolverTest, ANameThatIsNeverAnsweredHoldsUpNobodyElse) {
  NameResolver slow(io_);
  NameResolver other(io_);
  ask(slow, "slow.test");
  ASSERT_TRUE(server().has_asked(1));
  ask(other, "localhost");
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_NE(answers_[0].find("localhost: "), std::string::npos) << answers_[0];
  EXPECT_NE(answers_[0].find("/1883"), std::string::npos) << answers_[0];
  EXPECT_EQ(server().waiting(), 1);
  server().answer();
  ASSERT_TRUE(wait_for_answers(2));
  EXPECT_EQ(answers_[1], "slow.test: 192.0.2.7/1883");
}

TEST_F(NameResolverTest, AnAddressNeedsNobody) {
  NameResolver resolver(io_);
  ask(resolver, "192.0.2.1");
  EXPECT_TRUE(answers_.empty()) << "called from within the question";
  ASSERT_TRUE(wait_for_answers(1));
  ask(resolver, "2001:db8::1");
  ASSERT_TRUE(wait_for_answers(2));
  EXPECT_EQ(answers_, (std::vector<std::string>{"192.0.2.1: 192.0.2.1/1883",
                                                "2001:db8::1: 2001:db8::1/1883"}));
}

TEST_F(NameResolverTest, ANameThatIsNotThereIsAFailure) {
  NameResolver resolver(io_);
  ask(resolver, "nowhere.test");
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(answers_[0], "nowhere.test fails");
}

TEST_F(NameResolverTest, WhatWasCancelledIsNotAnsweredAndIsAskedForOnlyOnce) {
  NameResolver resolver(io_);
  ask(resolver, "slow.test");
  ASSERT_TRUE(server().has_asked(1));
  resolver.cancel();
  EXPECT_LE(io_.run(), 1U) << "there is nothing left to do but to end the wait";
  for (int i = 0; i < 3; ++i) {
    ask(resolver, "slow.test");
    resolver.cancel();
  }
  ask(resolver, "slow.test");
  server().answer();
  ASSERT_TRUE(wait_for_answers(1));
  io_.restart();
  io_.run();
  EXPECT_EQ(answers_, std::vector<std::string>{"slow.test: 192.0.2.7/1883"});
  EXPECT_EQ(server().asked(), 1);
}

TEST_F(NameResolverTest, AnotherNameDoesNotWaitForTheOneThatWasGivenUp) {
  NameResolver resolver(io_);
  ask(resolver, "slow.test");
  ASSERT_TRUE(server().has_asked(1));
  ask(resolver, "localhost");
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_NE(answers_[0].find("localhost"), std::string::npos);
  server().answer();
  io_.restart();
  io_.run();
  EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(NameResolverTest, MayEndBeforeItsAnswerComes) {
  auto io = std::make_unique<io_context>();
  auto resolver = std::make_unique<NameResolver>(*io);
  bool called = false;
  resolver->resolve("slow.test", "1", [&](const auto&, const auto&) { called = true; });
  ASSERT_TRUE(server().has_asked(1));
  resolver.reset();
  io.reset();
  server().answer();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace sluice

// In place of the C library's.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what dlsym() is like
  static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (std::string_view(node) == "nowhere.test") {
    return EAI_NONAME;
  }
  if (std::string_view(node) == "slow.test") {
    sluice::server().wait();
    return real("192.0.2.7", service, hints, result);
  }
  return real(node, service, hints, result);
}
