// What every transport promises, whatever its destination (agent/core/transport.h).
#include "tests/contract/uplink/far_sides.h"
#include "tests/support/transport_driver.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice::contract_tests {
namespace {

using testing_support::block_of;
using testing_support::line_of;
using testing_support::TransportDriver;

struct Kind {
  const char* name;
  std::unique_ptr<FarSide> (*make)();
};

std::vector<std::string> lines_of(std::uint64_t first, std::uint64_t last) {
  std::vector<std::string> lines;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    lines.push_back(line_of(sequence));
  }
  return lines;
}

class TransportContract : public ::testing::TestWithParam<Kind> {
 protected:
  TransportDriver& driver() {
    if (!driver_) {
      driver_.emplace([this](boost::asio::io_context& io) { return far_side_->make(io); });
    }
    return *driver_;
  }
  void expect_confirmed(const BlockPtr& block) {
    const Answer answer = driver().send_until_decided(block);
    ASSERT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
  }

  std::unique_ptr<FarSide> far_side_ = GetParam().make();
  std::optional<TransportDriver> driver_;
};

TEST_P(TransportContract, ConfirmsWhatTheFarSideHasInTheOrderOfTheBlocks) {
  for (std::uint64_t first = 1; first < 1000; first += 100) {
    expect_confirmed(block_of(first, 100));
  }
  EXPECT_EQ(far_side_->lines(1000), lines_of(1, 1000));
}

TEST_P(TransportContract, TakesBlocksThatAreStoredPlain) {
  expect_confirmed(block_of(1, 100, 40, Codec::Ndjson));
  expect_confirmed(block_of(101, 1, 40, Codec::Ndjson));
  EXPECT_EQ(far_side_->lines(101), lines_of(1, 101));
}

TEST_P(TransportContract, SendsTheSameBytesAgain) {
  expect_confirmed(block_of(1, 50));
  expect_confirmed(block_of(1, 50));
  expect_confirmed(block_of(51, 1));
  std::vector<std::string> expected = lines_of(1, 50);
  if (!far_side_->recognises_repetitions()) {
    const std::vector<std::string> again = expected;
    expected.insert(expected.end(), again.begin(), again.end());
  }
  expected.push_back(line_of(51));
  EXPECT_EQ(far_side_->lines(expected.size()), expected);
}

TEST_P(TransportContract, RefusesABlockThatCannotBeDecoded) {
  if (std::string(GetParam().name) == "Http" || std::string(GetParam().name) == "MqttBlocks" ||
      std::string(GetParam().name) == "CompressedFiles") {
    return;  // sent as it is stored: the far side will see
  }
  Block broken = *block_of(1, 10);
  broken.data.resize(broken.data.size() / 2);
  const Answer answer = driver().send(std::make_shared<const Block>(broken));
  EXPECT_EQ(answer.verdict, Verdict::Refused) << answer.detail;
  expect_confirmed(block_of(11, 10));
}

TEST_P(TransportContract, ACancelledBlockIsAnsweredWithRetryAndMayComeAgain) {
  expect_confirmed(block_of(1, 10));
  driver().begin(block_of(11, 10));
  driver().transport().cancel();
  const Answer answer = driver().finish();
  EXPECT_EQ(answer.verdict, Verdict::Retry) << answer.detail;
  expect_confirmed(block_of(21, 10));
  expect_confirmed(block_of(11, 10));
  std::map<std::string, int> counts;
  for (const std::string& line : far_side_->lines(30)) {
    ++counts[line];
  }
  EXPECT_EQ(counts.size(), 30U);
}

TEST_P(TransportContract, CancelWithoutABlockLeavesNothingToDo) {
  driver().transport().cancel();
  expect_confirmed(block_of(1, 10));
  driver().transport().cancel();
  driver().transport().cancel();
  driver().io().restart();
  driver().io().run();  // returns
  expect_confirmed(block_of(11, 10));
  EXPECT_EQ(far_side_->lines(20), lines_of(1, 20));
}

TEST_P(TransportContract, AnswersWhileTheFarSideIsAwayAndConfirmsWhenItIsBack) {
  far_side_->leave();
  const BlockPtr block = block_of(1, 1000);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Answer answer = driver().send(block);
    EXPECT_TRUE(answer.verdict == Verdict::Retry || answer.verdict == Verdict::Misconfigured)
        << answer.detail;
    EXPECT_FALSE(answer.detail.empty());
  }
  far_side_->come_back();
  expect_confirmed(block);
  std::map<std::string, int> counts;
  for (const std::string& line : far_side_->lines(1000)) {
    ++counts[line];
  }
  EXPECT_EQ(counts.size(), 1000U);
}

TEST_P(TransportContract, EndsWithABlockUnderWay) {
  expect_confirmed(block_of(1, 10));
  driver().begin(block_of(11, 1000));
  driver_.reset();
  expect_confirmed(block_of(1011, 1));
}

INSTANTIATE_TEST_SUITE_P(Each, TransportContract,
                         ::testing::Values(Kind{"Http", make_http}, Kind{"Kafka", make_kafka},
                                           Kind{"MqttBlocks", make_mqtt_blocks},
                                           Kind{"MqttRecords", make_mqtt_records},
                                           Kind{"Files", make_files},
                                           Kind{"CompressedFiles", make_compressed_files},
                                           Kind{"StandardOutput", make_standard_output}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace sluice::contract_tests
