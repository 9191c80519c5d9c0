// The lab receiver is a measuring instrument: whatever it does not notice, no test notices.
#include "tests/lab/receiver.h"

#include "tests/lab/receiver_arrivals.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <set>
#include <sstream>

namespace sluice::uplink_tests {
namespace {

std::string url_of(const lab::Receiver& receiver) {
  return "http://127.0.0.1:" + std::to_string(receiver.port()) + "/";
}

BlockPtr plain_block(std::uint64_t first, std::uint32_t count, const std::string& lines) {
  auto block = std::make_shared<Block>();
  block->first = Sequence(first);
  block->count = count;
  block->codec = Codec::Ndjson;
  block->data = lines;
  return block;
}

std::string record(std::uint64_t seq, const std::string& data) {
  return "{\"seq\":" + std::to_string(seq) + ",\"data\":" + data + "}\n";
}

TEST(Receiver, CountsEveryNumberOfEveryDevice) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  sender.send(plain_block(1, 3,
                          record(1, R"({"device":"a","n":0})") +
                              record(2, R"({"device":"b","n":5})") +
                              record(3, R"({"n":1,"device":"a"})")));
  sender.send(plain_block(
      4, 3,
      record(4, R"({"device":"a","n":3})") + record(5, R"({"free":"text"})") + record(6, "17")));
  sender.send(plain_block(7, 1, record(7, R"({"device":"a","n":1})")));
  const lab::ReceiverCounts counts = receiver.counts();
  EXPECT_EQ(counts.requests, 3U);
  EXPECT_EQ(counts.records, 7U);
  EXPECT_EQ(counts.distinct, 4U);
  EXPECT_EQ(counts.duplicates, 1U);
  EXPECT_EQ(counts.gaps, 1U + 5U);  // a lacks 2, b lacks 0 to 4
  EXPECT_EQ(counts.malformed, 0U) << counts.last_problem;
  EXPECT_EQ(counts.out_of_order, 0U) << counts.last_problem;
  const auto devices = receiver.devices();
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices.at("a").highest, 3U);
  EXPECT_EQ(devices.at("a").distinct, 3U);
  EXPECT_TRUE(receiver.has("b", 5));
  EXPECT_FALSE(receiver.has("b", 4));
  EXPECT_FALSE(receiver.has("c", 0));
}

TEST(Receiver, RefusesWhatContradictsItsHeaders) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  const std::string good = record(1, "{}") + record(2, "{}");
  for (const auto& block :
       {plain_block(1, 3, good), plain_block(1, 1, good), plain_block(2, 2, good),
        plain_block(1, 2, record(1, "{}") + record(3, "{}")),
        plain_block(1, 2, record(1, "{}") + "{\"seq\":2,\"data\":{}\n"),
        plain_block(1, 2, record(1, "{}") + "{\"data\":{}}\n"),
        plain_block(1, 2, record(1, "{}") + "\n"), plain_block(1, 1, "[1]\n")}) {
    EXPECT_EQ(sender.send(block).verdict, Verdict::Refused) << block->data;
  }
  EXPECT_EQ(receiver.counts().malformed, 8U);
  EXPECT_EQ(receiver.counts().refused, 8U);
  EXPECT_EQ(receiver.counts().records, 0U);
  EXPECT_EQ(sender.send(plain_block(1, 2, good)).verdict, Verdict::Confirmed);
}

TEST(Receiver, RefusesASecondFrameBehindTheFirst) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  auto twice = std::make_shared<Block>(*make_block(1, 5));
  twice->data += twice->data;
  EXPECT_EQ(sender.send(twice).verdict, Verdict::Refused);
  EXPECT_EQ(receiver.counts().malformed, 1U);
}

TEST(Receiver, TellsARetryFromABlockOutOfOrder) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  for (const std::uint64_t first : {1U, 11U, 1U, 11U, 31U}) {
    sender.send(make_block(first, 10));
  }
  EXPECT_EQ(receiver.counts().out_of_order, 0U) << receiver.counts().last_problem;
  sender.send(make_block(21, 10));
  EXPECT_EQ(receiver.counts().out_of_order, 1U);
  EXPECT_EQ(receiver.counts().duplicates, 20U);
}

TEST(Receiver, RecordsOnlyWhatItConfirms) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  receiver.behave({.status = 503, .retry_after = "", .body = ""});
  sender.send(make_block(1, 10));
  lab::Behaviour closing;
  closing.close = true;
  receiver.behave(closing);
  sender.send(make_block(1, 10));
  EXPECT_EQ(receiver.counts().records, 0U);
  EXPECT_GE(receiver.counts().refused, 2U);  // one more where the transport connects again
  receiver.behave({});
  sender.send(make_block(1, 10));
  EXPECT_EQ(receiver.counts().records, 10U);
}

TEST(Receiver, AppendsWhatItAcceptsToAFile) {
  const testing_support::TempDirectory directory;
  lab::ReceiverOptions options;
  options.ndjson = directory.file("all.ndjson");
  lab::Receiver receiver(options);
  Sender sender(options_for(url_of(receiver)));
  sender.send(make_block(1, 10));
  receiver.behave({.status = 500, .retry_after = "", .body = ""});
  sender.send(make_block(11, 10));
  receiver.behave({});
  sender.send(make_block(11, 10));
  std::stringstream text;
  text << std::ifstream(options.ndjson).rdbuf();
  EXPECT_EQ(text.str(), lines_of(1, 10) + lines_of(11, 10));
}

TEST(NumberSet, RemembersExactlyWhatWasAdded) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  lab::NumberSet numbers;
  std::set<std::uint64_t> expected;
  for (int i = 0; i < 50'000; ++i) {
    // Dense, so that runs become complete, and now and then far away.
    const std::uint64_t number = random() % 100 == 0 ? random() : random() % 10'000;
    EXPECT_EQ(numbers.add(number), expected.insert(number).second);
  }
  EXPECT_EQ(numbers.size(), expected.size());
  EXPECT_EQ(numbers.highest(), *expected.rbegin());
  for (std::uint64_t number = 0; number < 20'000; ++number) {
    ASSERT_EQ(numbers.has(number), expected.contains(number)) << number;
  }
}

}  // namespace
}  // namespace sluice::uplink_tests
