// What sluice top makes of an agent's figures.
#include "top/top_agent.h"
#include "top/top_history.h"
#include "top/top_screen.h"
#include "top/top_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr const char* kStatus = R"({"version":"1","agent":"plant-7","time":"2026-11-21T10:00:00Z",
"health":"degraded","reasons":[{"code":"sink_paused","text":"sink cloud takes nothing: 503"}],
"buffer":{"held_records":900,"file_bytes":2048,"file_max_bytes":4096,"dropped_full":1,"dropped_age":2},
"flows":{
 "logs":{"records":50,"held_bytes":10,"max_bytes":100,"ledger":{"stored":40,"delivered":30},
  "queue":{"records":5,"arrival_rate":250.0,"mean_records":4.5,"service_rate":500.0,"utilization":0.5,
   "time_in_system":0.25,"little_time":0.3,"time_to_full":null,"time_to_drain":0.02,
   "sinks":{"cloud":{"served":44,"oldest":null},"file":{"served":45,"oldest":"2026-11-21T09:59:30Z"}}}},
 "telemetry":{"records":2000,"held_bytes":1048576,"max_bytes":2097152,"ledger":{"stored":2000},
  "queue":{"records":800,"arrival_rate":20.0,"mean_records":400,"service_rate":0,"utilization":null,
   "time_in_system":null,"little_time":20,"time_to_full":5400,"time_to_drain":null,
   "sinks":{"cloud":{"served":1200}}}}},
"sources":{"plant":{"connected":false,"messages":123456,"acknowledged":7,"redelivered":3}},
"sinks":{"cloud":{"url":"https://cloud.example/in","breaker":"open","waiting_for":"retry",
  "next_attempt":"2026-11-21T10:00:12Z","last_error":"503 Service\u001bUnavailable","records":1200,
  "bytes":5000,"retries":9,"dead":{"refused":1,"too_large":2}},
 "file":{"breaker":"closed","waiting_for":"none","records":45,"dead":{}}}})";

TopAgent agent() {
  const Result<TopAgent> read = read_top_agent(kStatus);
  EXPECT_TRUE(read);
  return read ? *read : TopAgent();
}

std::vector<std::string> texts(const TopAgent& agent, const TopView& view,
                               const TopHistory& history = {}) {
  std::vector<std::string> texts;
  for (const TopLine& line : top_lines(agent, history, view)) {
    texts.push_back(line.text());
  }
  return texts;
}

// The first line that begins with this.
std::string line_of(const std::vector<std::string>& lines, const std::string& begin) {
  const auto found =
      std::ranges::find_if(lines, [&](const std::string& line) { return line.starts_with(begin); });
  return found != lines.end() ? *found : "";
}

TEST(TopAgent, IsReadFromWhatStatusAnswers) {
  const TopAgent read = agent();
  EXPECT_EQ(read.name, "plant-7");
  EXPECT_EQ(read.health, "degraded");
  EXPECT_EQ(read.reasons, std::vector<std::string>{"sink cloud takes nothing: 503"});
  EXPECT_EQ(read.dropped, 3U);
  ASSERT_EQ(read.flows.size(), 2U);
  const TopFlow& logs = read.flows[0];
  EXPECT_EQ(logs.served(), 44U) << "the sink that is behind";
  EXPECT_EQ(logs.time_to_full, std::nullopt);
  EXPECT_EQ(logs.ledger.size(), 2U);
  EXPECT_EQ(logs.feeds[0].oldest, std::nullopt);
  EXPECT_EQ(read.time - *logs.feeds[1].oldest, 30s);
  ASSERT_EQ(read.sinks.size(), 2U);
  EXPECT_EQ(read.sinks[0].dead, 3U);
  EXPECT_EQ(read.sinks[0].last_error, "503 Service Unavailable") << "nothing a terminal obeys";
  EXPECT_EQ(*read.sinks[0].next_attempt - read.time, 12s);
  EXPECT_FALSE(read.sources[0].connected);
}

TEST(TopAgent, IsNotReadFromAnythingElse) {
  EXPECT_FALSE(read_top_agent(""));
  EXPECT_FALSE(read_top_agent("{"));
  EXPECT_FALSE(read_top_agent("{\"state\":\"ok\"}"));
}

TEST(TopScreen, SaysOfEveryPartWhatMatters) {
  const std::vector<std::string> lines = texts(agent(), {});
  EXPECT_EQ(lines[0],
            "sluice top  plant-7  degraded" + std::string(31, ' ') + "2026-11-21T10:00:00Z");
  EXPECT_EQ(lines[1], "  sink cloud takes nothing: 503");
  EXPECT_EQ(line_of(lines, "logs"),
            "logs             250                 -            0.50        5       -    20ms");
  EXPECT_EQ(line_of(lines, "telemetry"),
            "telemetry       20.0                 -           stuck      800   1h30m       -");
  EXPECT_EQ(line_of(lines, "cloud"),
            "cloud        takes nothing         12s      1,200  503 Service Unavailable");
  EXPECT_EQ(line_of(lines, "file"), "file         delivering              -         45  -");
  EXPECT_EQ(line_of(lines, "plant"), "plant        not connected        123k          7  3");
  EXPECT_EQ(lines.back(), "BUFFER 2.0 KiB of 4.0 KiB in use, 900 records held, 3 dropped");
}

TEST(TopScreen, IsNeverWiderThanItsWindow) {
  TopHistory history;
  TopAgent looked_at = agent();
  for (int i = 0; i < 300; ++i) {
    history.add(Instant(std::chrono::seconds(i)), looked_at);
    looked_at.flows[0].arrived += 1'000'000'000;
  }
  looked_at.flows[1].name = std::string(70, 'f');
  looked_at.sinks[0].last_error = std::string(200, 'e') + " and more words";
  for (const std::size_t columns : {40U, 79U, 80U, 81U, 100U, 132U, 400U}) {
    TopView view{.columns = columns,
                 .unicode = true,
                 .open = {"flow logs", "sink cloud"},
                 .trouble = std::string(500, 't')};
    for (const std::string& line : texts(looked_at, view, history)) {
      EXPECT_LE(columns_of(line), columns) << line;
    }
  }
}

TEST(TopScreen, ShowsDetailsOfRowsThatAreOpen) {
  const std::string closed = "    https://cloud.example/in";
  EXPECT_EQ(line_of(texts(agent(), {}), closed), "");
  const std::vector<std::string> lines =
      texts(agent(), {.columns = 120, .open = {"sink cloud", "flow logs"}});
  EXPECT_EQ(line_of(lines, closed), closed);
  EXPECT_EQ(line_of(lines, "    1,200 records"),
            "    1,200 records, 4.9 KiB compressed; 9 attempts not confirmed; 3 dead letters");
  EXPECT_EQ(line_of(lines, "    a record stays"),
            "    a record stays 250ms (measured), 300ms (by Little's law); 10 B of 100 B on disk");
  EXPECT_EQ(line_of(lines, "    to file: 45 done"),
            "    to file: 45 done, - a second while there are any, each after -, the oldest waits "
            "for 30s");
  EXPECT_EQ(line_of(lines, "    ledger"), "    ledger: stored 40, delivered 30");
}

TEST(TopScreen, SortsFlows) {
  const auto first = [](TopSort sort) {
    for (const TopLine& line : top_lines(agent(), {}, {.sort = sort})) {
      if (!line.row.empty()) {
        return line.row;
      }
    }
    return std::string();
  };
  EXPECT_EQ(first(TopSort::Name), "flow logs");
  EXPECT_EQ(first(TopSort::Backlog), "flow telemetry");
  EXPECT_EQ(first(TopSort::Rate), "flow logs");
  EXPECT_EQ(first(TopSort::Full), "flow telemetry");
  TopSort sort = TopSort::Name;
  for (int i = 0; i < 4; ++i) {
    sort = next_of(sort);
  }
  EXPECT_EQ(sort, TopSort::Name) << "one after the other, and again";
}

TEST(TopScreen, NamesTheRowsThatCanBeSelected) {
  const std::vector<TopLine> lines = top_lines(agent(), {}, {});
  EXPECT_EQ(row_beside(lines, "", 0), "flow logs");
  EXPECT_EQ(row_beside(lines, "gone", 1), "flow logs");
  EXPECT_EQ(row_beside(lines, "flow logs", 1), "flow telemetry");
  EXPECT_EQ(row_beside(lines, "flow logs", -1), "flow logs");
  EXPECT_EQ(row_beside(lines, "flow logs", 100), "sink file");
  EXPECT_EQ(row_beside({}, "flow logs", 1), "");
}

TEST(TopScreen, ScrollsToWhatIsSelected) {
  std::vector<TopLine> lines(20);
  lines[3].row = "first";
  lines[10].row = "middle";
  lines[19].row = "last";
  EXPECT_EQ(line_at_top(lines, "last", 0, 20), 0U) << "there is room for all";
  EXPECT_EQ(line_at_top(lines, "last", 0, 5), 15U);
  EXPECT_EQ(line_at_top(lines, "middle", 15, 5), 10U) << "no further than needed";
  EXPECT_EQ(line_at_top(lines, "middle", 8, 5), 8U);
  EXPECT_EQ(line_at_top(lines, "first", 10, 5), 0U) << "with what stands above it";
  EXPECT_EQ(line_at_top(lines, "first", 10, 2), 3U) << "if there is room for that";
}

TEST(TopHistory, KnowsHowFastRecordsComeAndGo) {
  TopHistory history;
  TopAgent looked_at = agent();
  history.add(Instant(10s), looked_at);
  EXPECT_TRUE(history.of("logs").in.empty()) << "it takes two looks";
  looked_at.flows[0].arrived += 30;
  looked_at.flows[0].feeds[0].served += 10;
  history.add(Instant(12s), looked_at);
  EXPECT_EQ(history.of("logs").in, std::vector<double>{15});
  EXPECT_EQ(history.of("logs").out, std::vector<double>{0.5}) << "file has 45, cloud had 44";
  looked_at.flows[0].arrived = 1;
  history.add(Instant(14s), looked_at);
  EXPECT_EQ(history.of("logs").in.size(), 1U) << "an agent that was started again";
  EXPECT_TRUE(history.of("nobody").in.empty());
}

TEST(Sparkline, IsAsHighAsTheFiguresAre) {
  EXPECT_EQ(sparkline({0, 4, 8}, 5, 8, true), "  ▁▅█");
  EXPECT_EQ(sparkline({0, 4, 8}, 2, 16, true), "▃▅") << "the latest";
  EXPECT_EQ(sparkline({0, 7}, 2, 7, false), "_#");
  EXPECT_EQ(sparkline({0, 0}, 2, 0, false), "__");
  EXPECT_EQ(sparkline({}, 3, 1, true), "   ");
  EXPECT_EQ(highest({9, 1, 2}, 2), 2);
  EXPECT_EQ(highest({}, 2), 0);
}

TEST(ShortWords, FitTheirColumns) {
  EXPECT_EQ(short_span(0.0), "0s");
  EXPECT_EQ(short_span(0.0004), "1ms");
  EXPECT_EQ(short_span(0.04), "40ms");
  EXPECT_EQ(short_span(1.23), "1.2s");
  EXPECT_EQ(short_span(45.4), "45s");
  EXPECT_EQ(short_span(200.0), "3m20s");
  EXPECT_EQ(short_span(86'399.9), "1d0h");
  EXPECT_EQ(short_span(999.0 * 86'400 + 86'000), "999d23h");
  EXPECT_EQ(short_span(1e12), "years");
  EXPECT_EQ(short_span(std::optional<double>()), "-");
  EXPECT_EQ(short_rate(0.0), "0");
  EXPECT_EQ(short_rate(0.25), "0.25");
  EXPECT_EQ(short_rate(12.34), "12.3");
  EXPECT_EQ(short_rate(99'999.4), "99,999");
  EXPECT_EQ(short_count(1'234'567), "1.2M");
  EXPECT_EQ(short_count(4'000'000'000), "4.0G");
  EXPECT_EQ(left("äöü", 5), "äöü  ");
  EXPECT_EQ(right("äöü", 2), "äö");
}

}  // namespace
}  // namespace sluice
