#include "sources/subscriptions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using Filters = std::vector<std::string>;

TEST(CheckFilter, AcceptsWhatTheStandardAllows) {
  for (const char* filter : {"a", "/", "a/b", "+", "#", "a/+/b", "a/#", "+/+/#", "/a", "a//b",
                             "$SYS/#", "$share/group/a/#", "$share/group//", "ä b"}) {
    EXPECT_TRUE(check_filter(filter)) << filter;
  }
  EXPECT_TRUE(check_filter(std::string(65535, 'a')));
}

TEST(CheckFilter, RejectsWhatABrokerWouldAnswerWithADisconnect) {
  for (const char* filter : {"", "a+", "a/b#", "#/a", "a/#/b", "a/+b/c", "$share/", "$share/group",
                             "$share//a", "$share/group/", "$share/g+/a", "$share/group/a#"}) {
    const Status valid = check_filter(filter);
    ASSERT_FALSE(valid) << filter;
    EXPECT_EQ(valid.error().reaction, Reaction::Reject);
  }
  EXPECT_FALSE(check_filter(std::string(65536, 'a')));
  EXPECT_FALSE(check_filter(std::string_view("a\0b", 3)));
}

TEST(Subscriptions, ExpectNoSessionAtFirst) {
  const Subscriptions fresh({"a", "b"}, "id", "");
  EXPECT_FALSE(fresh.expects_session());
  EXPECT_FALSE(fresh.all_known());
  EXPECT_TRUE(fresh.obsolete().empty());
}

TEST(Subscriptions, AskForEveryFilterOnceInTheOrderOfTheOptions) {
  const Subscriptions twice({"b", "a", "b"}, "id", "");
  EXPECT_EQ(twice.wanted(), (Filters{"b", "a"}));
}

TEST(Subscriptions, KnowAfterARestartWhatTheBrokerMayHave) {
  Subscriptions before({"a", "b"}, "id", "");
  before.subscribing();

  Subscriptions after({"b", "c"}, "id", before.state());

  EXPECT_TRUE(after.expects_session());
  EXPECT_FALSE(after.all_known());
  EXPECT_EQ(after.obsolete(), Filters{"a"});
  after.subscribing();
  EXPECT_EQ(after.obsolete(), Filters{"a"}) << "not forgotten before UNSUBACK";
  after.unsubscribed("a");
  EXPECT_TRUE(after.obsolete().empty());
  EXPECT_TRUE(Subscriptions({"b", "c"}, "id", after.state()).all_known());
}

TEST(Subscriptions, OfAnotherClientIdCountForNothing) {
  Subscriptions before({"a"}, "old", "");
  before.subscribing();

  const Subscriptions after({"b"}, "new", before.state());

  EXPECT_FALSE(after.expects_session());
  EXPECT_TRUE(after.obsolete().empty());
  EXPECT_EQ(after.former_client_id(), "old");
}

TEST(Subscriptions, AreGoneWithTheSession) {
  Subscriptions before({"a"}, "id", "");
  before.subscribing();
  Subscriptions after({"b"}, "id", before.state());

  after.session_lost();

  EXPECT_FALSE(after.expects_session());
  EXPECT_TRUE(after.obsolete().empty());
}

TEST(Subscriptions, NameWhatWasRefusedUntilItIsGranted) {
  Subscriptions subscriptions({"a", "b"}, "id", "");
  EXPECT_EQ(subscriptions.answered("a", 0x87), std::nullopt);
  EXPECT_EQ(subscriptions.answered("b", 1), std::nullopt);
  EXPECT_EQ(subscriptions.refused(), Filters{"a"});
  EXPECT_EQ(subscriptions.answered("a", 1), 0x87);
  EXPECT_TRUE(subscriptions.refused().empty());
}

TEST(Subscriptions, SurviveAnyBytesInTheSavedState) {
  for (const std::string& saved : {std::string("\0", 1), std::string("id\0\0a\0", 6),
                                   std::string("id"), std::string("\xff\xfe\0#", 4)}) {
    const Subscriptions subscriptions({"a"}, "id", saved);
    EXPECT_EQ(subscriptions.wanted(), Filters{"a"});
  }
}

}  // namespace
}  // namespace sluice
