#include "tests/unit/transforms/running.h"
#include "transforms/field_steps.h"
#include "transforms/value_steps.h"

#include <gtest/gtest.h>

#include <optional>

namespace sluice {
namespace {

// Fails rows by a field, and counts all it sees.
class Picky final : public Step, public Stateful {
 public:
  void run(RowBatch& batch, const StepTime& now) override {
    seen_at = now.elapsed;
    batch.for_each_live([&](Row& row) {
      ++seen;
      if (batch.find(row, "bad") != nullptr) RowBatch::fail(row, "picky", "bad");
      if (batch.find(row, "gone") != nullptr) RowBatch::filter(row);
      if (batch.find(row, "part") != nullptr) RowBatch::aggregate(row);
    });
  }
  [[nodiscard]] std::optional<Instant> due() const override { return wanted; }
  Stateful* state() override { return this; }
  [[nodiscard]] bool changed() const override { return seen > 0; }
  std::string save() override { return std::to_string(seen); }
  Status restore(std::string_view saved) override {
    seen = std::stoi(std::string(saved));
    return {};
  }

  int seen = 0;
  std::optional<Instant> wanted;
  Instant seen_at;
};

TEST(Chain, RunsItsStepsOneAfterTheOther) {
  std::vector<NamedStep> steps;
  steps.push_back({"rename", make_rename({{"a", "b"}})});
  steps.push_back({"scale", make_scale({{.field = "b", .factor = 2}})});
  Running chain(std::move(steps));
  EXPECT_EQ(chain.one(R"({"a":4})"), R"({"b":8})");
}

TEST(Chain, WhatNoStepTouchesComesOutAsItCame) {
  Running chain(make_drop({"x"}));
  EXPECT_EQ(chain.one(" [1, 2]", "a/b"), " [1, 2]");
  EXPECT_EQ(chain.one("plain text", "a/b", BodyKind::Text), "plain text");
  EXPECT_EQ(chain.came().front().kind, BodyKind::Text);
  EXPECT_EQ(chain.one("\xFF", "a/b", BodyKind::Binary), "\xFF");
}

TEST(Chain, OneBadRecordTouchesNoOther) {
  auto picky = std::make_unique<Picky>();
  std::vector<NamedStep> steps;
  steps.push_back({"picky", std::move(picky)});
  steps.push_back({"drop", make_drop({"x"})});
  Running chain(std::move(steps));
  chain.add(R"({"n":1,"x":0})");
  chain.add(R"({"n":2,"bad":1,"x":0})");
  chain.add(R"({"n":3,"gone":1})");
  chain.add(R"({"n":4,"part":1})");
  chain.add(R"({"n":5,"x":0})");
  chain.run();
  ASSERT_EQ(chain.bodies(),
            (std::vector<std::string>{R"({"n":1})", R"({"n":2,"bad":1,"x":0})", R"({"n":5})"}));
  EXPECT_EQ(chain.came()[1].error, "bad");
  EXPECT_EQ(chain.came()[1].failed_step, "picky");
  EXPECT_EQ(chain.came()[1].origin, 1U);
  EXPECT_EQ(chain.came()[2].origin, 4U);
  EXPECT_EQ(chain.filtered, 1U);
  EXPECT_EQ(chain.aggregated, 1U);
  EXPECT_EQ(chain.made, 0U);
}

TEST(Chain, ARecordWithAnErrorGoesByInItsPlace) {
  Running chain(make_drop({"x"}));
  chain.add(R"({"x":1})");
  chain.chain().add({.topic = "t",
                     .time = {},
                     .kind = BodyKind::Text,
                     .body = R"({"x":)",
                     .error = "invalid_json"},
                    7);
  chain.add(R"({"x":2})");
  chain.run();
  EXPECT_EQ(chain.bodies(), (std::vector<std::string>{"{}", R"({"x":)", "{}"}));
  EXPECT_EQ(chain.came()[1].error, "invalid_json");
  EXPECT_EQ(chain.came()[1].failed_step, "decode");
}

TEST(Chain, IsFullByRecordsAndByBytes) {
  Running chain(make_drop({"x"}));
  while (!chain.chain().full())
    chain.add("{}");
  chain.run();
  EXPECT_EQ(chain.came().size(), 512U);
  EXPECT_TRUE(chain.chain().empty());
  chain.add("\"" + std::string(128UL * 1024, 'x') + "\"");
  EXPECT_TRUE(chain.chain().full());
}

TEST(Chain, IsDueWithItsFirstStep) {
  auto early = std::make_unique<Picky>();
  auto late = std::make_unique<Picky>();
  early->wanted = Instant(std::chrono::seconds(5));
  late->wanted = Instant(std::chrono::seconds(9));
  std::vector<NamedStep> steps;
  steps.push_back({"late", std::move(late)});
  steps.push_back({"early", std::move(early)});
  Running chain(std::move(steps));
  EXPECT_EQ(chain.chain().due(), Instant(std::chrono::seconds(5)));
  EXPECT_EQ(Running(make_drop({})).chain().due(), std::nullopt);
}

TEST(Chain, FindsTheStatesOfItsStepsAgainWhenOthersHaveComeAndGone) {
  std::string saved;
  {
    std::vector<NamedStep> steps;
    steps.push_back({"picky", std::make_unique<Picky>()});
    steps.push_back({"drop", make_drop({"bad"})});
    steps.push_back({"picky", std::make_unique<Picky>()});
    Running chain(std::move(steps));
    Stateful& state = *chain.chain().state();
    EXPECT_FALSE(state.changed());
    chain.of(R"({"a":1})");
    chain.of(R"({"gone":1})");
    EXPECT_TRUE(state.changed());
    saved = state.save();
  }
  auto first = std::make_unique<Picky>();
  auto second = std::make_unique<Picky>();
  auto third = std::make_unique<Picky>();
  const Picky& one = *first;
  const Picky& two = *second;
  const Picky& other = *third;
  std::vector<NamedStep> steps;
  steps.push_back({"other", std::move(third)});
  steps.push_back({"picky", std::move(first)});
  steps.push_back({"picky", std::move(second)});
  Running chain(std::move(steps));
  ASSERT_TRUE(chain.chain().state()->restore(saved));
  EXPECT_EQ(one.seen, 2);
  EXPECT_EQ(two.seen, 1);
  EXPECT_EQ(other.seen, 0);
  EXPECT_FALSE(chain.chain().state()->restore(saved.substr(0, saved.size() - 1)));
}

TEST(Chain, WithoutStatesHasNone) {
  EXPECT_EQ(Running(make_drop({})).chain().state(), nullptr);
}

}  // namespace
}  // namespace sluice
