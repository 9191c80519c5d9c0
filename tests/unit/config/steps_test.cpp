#include "tests/support/temp_directory.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::findings;
using testing_support::kFlow;
using testing_support::kSink;
using testing_support::kSource;
using testing_support::load;
using testing_support::report;
using testing_support::with_flow;
using List = std::vector<std::string>;

const std::string kSteps =
    "    on_error: drop\n"
    "    transforms:\n"
    "      - drop: [rssi, note]\n"
    "      - rename: {humidity: humidity_pct, Temp: temp}\n"
    "      - scale: {\"a b\": {factor: -0.5, round: 2}, t: {offset: 32}}\n"
    "      - map: {status: {0: stopped, \"on\": true, default: other}, s: {1: x, default: keep}}\n"
    "      - flatten: {}\n"
    "      - flatten: {separator: \".\", depth: 2}\n"
    "      - topic_tags: \"sensors/{device}/#\"\n"
    "      - keep: [t]\n";

std::string with_steps(const std::string& lines) {
  return kFlow + lines + kSource + kSink;
}

TEST(Steps, AreReadInTheirOrder) {
  const LoadedConfig loaded = load(with_steps(kSteps));
  ASSERT_TRUE(loaded.ok()) << report(loaded);
  const FlowConfig& flow = loaded.config.flows.at(0);
  EXPECT_EQ(flow.on_error, OnError::Drop);
  List kinds;
  for (const StepConfig& step : flow.transforms) {
    kinds.push_back(step.kind);
  }
  EXPECT_EQ(kinds,
            (List{"drop", "rename", "scale", "map", "flatten", "flatten", "topic_tags", "keep"}));
  EXPECT_EQ(flow.transforms[0].names, (List{"rssi", "note"}));
  EXPECT_EQ(flow.transforms[1].pairs[1], std::make_pair(std::string("Temp"), std::string("temp")));
  EXPECT_EQ(flow.transforms[2].scale[0].field, "a b");
  EXPECT_EQ(flow.transforms[2].scale[0].factor, -0.5);
  EXPECT_EQ(flow.transforms[2].scale[0].round, 2);
  EXPECT_EQ(flow.transforms[2].scale[1].offset, 32);
  EXPECT_EQ(flow.transforms[2].scale[1].round, std::nullopt);
  EXPECT_EQ(flow.transforms[3].map[0].values.size(), 2U);
  EXPECT_EQ(flow.transforms[3].map[0].otherwise, "other");
  EXPECT_EQ(flow.transforms[3].map[1].otherwise, std::nullopt);
  EXPECT_EQ(flow.transforms[5].flatten.depth, 2);
  const MadeSteps made = make_steps(flow);
  EXPECT_TRUE(made.errors.empty());
  EXPECT_EQ(made.steps.size(), 8U);
}

TEST(Steps, AreShownAsTheyCanBeReadAgain) {
  const testing_support::TempDirectory directory;
  const auto shown = [&](const std::string& text) {
    const std::string path = directory.path() + "/sluice.yaml";
    std::ofstream(path) << text;
    const auto effective = effective_config(path);
    return effective ? *effective : effective.error().message;
  };
  const std::string once = shown(with_steps(kSteps));
  EXPECT_NE(once.find("      - drop: [\"rssi\", \"note\"]\n"), std::string::npos) << once;
  EXPECT_NE(once.find("      - flatten: {}\n"), std::string::npos) << once;
  EXPECT_EQ(shown(once), once);
  EXPECT_EQ(load(once).config.flows.at(0).hash, load(with_steps(kSteps)).config.flows.at(0).hash);
}

TEST(Steps, ChangeTheHashOfTheFlow) {
  const auto hash = [](const std::string& step) {
    const LoadedConfig loaded = load(with_steps("    transforms:\n" + step));
    EXPECT_TRUE(loaded.ok()) << report(loaded);
    return loaded.config.flows.at(0).hash;
  };
  const std::string drop = hash("      - drop: [a]\n");
  EXPECT_EQ(hash("      - drop: [ 'a' ] # the same\n"), drop);
  EXPECT_NE(hash("      - drop: [b]\n"), drop);
  EXPECT_NE(hash("      - keep: [a]\n"), drop);
  EXPECT_NE(hash("      - flatten: {}\n"), hash("      - flatten: {}\n      - flatten: {}\n"));
}

TEST(Steps, SayWhereTheyAreWrong) {
  EXPECT_EQ(findings(with_flow("transforms: {drop: [a]}")),
            List{"5:17 error flows.all.transforms"});
  EXPECT_EQ(findings(with_flow("transforms: [drop]")), List{"5:18 error flows.all.transforms[0]"});
  EXPECT_EQ(findings(with_flow("transforms: [{drop: [a], keep: [b]}]")),
            List{"5:30 error flows.all.transforms[0]"});
  EXPECT_EQ(findings(with_flow("transforms: [{}]")), List{"5:18 error flows.all.transforms[0]"});
  EXPECT_EQ(findings(with_flow("transforms: [{dorp: [a]}]")),
            List{"5:19 error flows.all.transforms[0].dorp"});
  EXPECT_EQ(findings(with_flow("transforms: [{drop: []}]")),
            List{"5:25 error flows.all.transforms[0].drop"});
  EXPECT_EQ(findings(with_flow("transforms: [{scale: {t: {factor: 1,5}}}]")),
            List{"5:41 error flows.all.transforms[0].scale.t.5"});
  EXPECT_EQ(findings(with_flow("transforms: [{scale: {t: {factor: ten}}}]")),
            List{"5:39 error flows.all.transforms[0].scale.t.factor"});
  EXPECT_EQ(findings(with_flow("transforms: [{topic_tags: \"a/{b\"}]")),
            List{"5:31 error flows.all.transforms[0].topic_tags"});
}

TEST(Steps, NameTheNearestOneThereIs) {
  EXPECT_NE(report(with_flow("transforms: [{dorp: [a]}]")).find("did you mean drop?"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice
