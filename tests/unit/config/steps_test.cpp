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

// One of every kind, as the manual shows them.
const std::string kEveryKind =
    "    decode: auto\n"
    "    types: {temperature: real, door: bool}\n"
    "    transforms:\n"
    "      - filter: \"temperature > 30 AND status <> 'test'\"\n"
    "      - set: {temp_f: \"temperature * 1.8 + 32\", site: \"topic_part(topic, 2)\"}\n"
    "      - parse: {pattern: '^(?<time>\\S+) (?<level>[A-Z]+) (?<n>\\d+)', types: {n: int}}\n"
    "      - redact: {fields: [user], find: email, with: hmac, key: \"${HOME}\"}\n"
    "      - validate: {fields: {temperature: {required: true, type: number, min: -40, max: 85}}}\n"
    "      - split: items\n"
    "      - stamp: {facts: {site: plant-7}}\n"
    "      - deadband: {fields: [temperature], by: [topic], change: 0.5, max_silence: 10m}\n"
    "      - dedupe: {by: [device], ignore: [time, seq], max_silence: 1h}\n"
    "      - sample: {by: [device], every: 5s, take: last}\n"
    "      - throttle: {most: 10, per: 1s}\n"
    "      - window:\n"
    "          every: 10s\n"
    "          by: [device]\n"
    "          fields: {temperature: [min, max, avg, count], pressure: [avg, last]}\n"
    "      - sql:\n"
    "          every: 60s\n"
    "          query: |\n"
    "            SELECT device, avg(temperature_avg) AS t, count(*) AS n\n"
    "            FROM records GROUP BY device\n";

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
  const std::string all = shown(with_steps(kEveryKind));
  EXPECT_TRUE(load(all).ok()) << all << report(all);
}

TEST(Steps, CanBeOfEveryKind) {
  const LoadedConfig loaded = load(with_steps(kEveryKind));
  ASSERT_TRUE(loaded.ok()) << report(loaded);
  const FlowConfig& flow = loaded.config.flows.at(0);
  ASSERT_EQ(flow.transforms.size(), 13U);
  EXPECT_EQ(flow.types.size(), 2U);
  const MadeSteps made = make_steps(flow);
  EXPECT_TRUE(made.errors.empty());
  ASSERT_EQ(made.steps.size(), 12U);
  EXPECT_EQ(made.steps[0].name, "filter+set");
  EXPECT_EQ(flow.transforms[11].window.fields.at(0).functions.size(), 4U);
  EXPECT_EQ(flow.transforms[4].rules.at(0).max, 85);
}

TEST(Steps, ShowWhereAnExpressionIsWrong) {
  EXPECT_EQ(findings(with_flow("transforms: [{drop: [a]}, {filter: \"a > > 1\"}]")),
            List{"5:40 error flows.all.transforms[1].filter"});
  EXPECT_EQ(findings(with_flow("transforms: [{filter: a}, {set: {x: \"1\", y: \"nope(1)\"}}]")),
            List{"5:49 error flows.all.transforms[1].set.y"});
  EXPECT_NE(report(with_flow("transforms: [{filter: \"a > > 1\"}]")).find("at its character 5"),
            std::string::npos)
      << report(with_flow("transforms: [{filter: \"a > > 1\"}]"));
  EXPECT_EQ(findings(with_flow("transforms: [{sql: {query: DELETE FROM records}}]")),
            List{"5:32 error flows.all.transforms[0].sql.query"});
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
