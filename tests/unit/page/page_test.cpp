// The document and its policy: nothing from elsewhere, nothing that the policy does not name.
#include "page/page_route.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <regex>
#include <string>

namespace sluice {
namespace {

class ThePage : public testing::Test {
 protected:
  ThePage() {
    AdminRoutes routes;
    add_page(routes);
    const AdminRoutes::Route* route = routes.find(AdminMethod::Get, "/");
    if (route == nullptr) {
      throw std::runtime_error("there is no page");
    }
    access_ = route->access;
    answer_ = route->handler({});
  }

  // What is between <name> and </name>, which is there once.
  [[nodiscard]] std::string inside(const std::string& name) const {
    const std::string begin = '<' + name + '>';
    const std::size_t at = answer_.text.find(begin) + begin.size();
    const std::size_t end = answer_.text.find("</" + name + '>', at);
    EXPECT_NE(end, std::string::npos) << name;
    EXPECT_EQ(answer_.text.find(begin, at), std::string::npos) << "a second " << name;
    return answer_.text.substr(at, end - at);
  }

  [[nodiscard]] bool allows(const std::string& what) const {
    return answer_.content_security_policy.find(what) != std::string::npos;
  }

  AdminAccess access_ = AdminAccess::Data;
  AdminResponse answer_;
};

std::string hash_of(const std::string& text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 64> coded{};
  const int length = EVP_EncodeBlock(coded.data(), digest.data(), digest.size());
  return "'sha256-" + std::string(coded.begin(), coded.begin() + length) + '\'';
}

TEST_F(ThePage, IsOpenToEverybodyBecauseItHoldsNoFigure) {
  EXPECT_EQ(access_, AdminAccess::Open);
  EXPECT_EQ(answer_.status, 200U);
  EXPECT_EQ(answer_.content_type, "text/html; charset=utf-8");
}

TEST_F(ThePage, RunsExactlyTheScriptAndTheStyleThatItsPolicyNames) {
  EXPECT_GT(inside("script").size(), 1'000U);
  EXPECT_GT(inside("style").size(), 1'000U);
  EXPECT_TRUE(allows("; script-src " + hash_of(inside("script")) + ';'));
  EXPECT_TRUE(allows("; style-src " + hash_of(inside("style")) + ';'));
  EXPECT_TRUE(answer_.content_security_policy.starts_with("default-src 'none';"));
  EXPECT_FALSE(allows("unsafe"));
  EXPECT_FALSE(allows("http"));
}

TEST_F(ThePage, HasNothingThatThePolicyWouldForbid) {
  std::string markup = answer_.text;
  for (const std::string element : {"script", "style"}) {
    const std::size_t begin = markup.find('<' + element + '>');
    const std::size_t end = markup.find("</" + element + '>', begin);
    ASSERT_NE(end, std::string::npos) << element;
    markup.erase(begin, end - begin);
  }
  EXPECT_FALSE(std::regex_search(markup, std::regex("\\s(style|on\\w+|src|action)=")));
  EXPECT_FALSE(std::regex_search(inside("style"), std::regex("@import|url\\(")));
  EXPECT_FALSE(
      std::regex_search(inside("script"), std::regex("innerHTML|insertAdjacentHTML|eval\\(")));
}

TEST_F(ThePage, IsSmall) {
  EXPECT_LT(answer_.text.size(), 64UL * 1024);
}

}  // namespace
}  // namespace sluice
