// What Prometheus reads.
#include "metrics/page.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <utility>

namespace sluice {
namespace {

TEST(MetricsPage, IsEmptyWhenNothingIsKnown) {
  EXPECT_EQ(MetricsPage().text(), "");
}

TEST(MetricsPage, TellsNameHelpTypeLabelsAndValue) {
  MetricsPage page;
  page.add(Metric::FlowBlocks, {{"flow", "a"}}, 3);
  page.add(Metric::FlowBlocks, {{"flow", "b\"\\\n"}}, 5);
  page.add(Metric::BufferTrouble, {}, 1);
  EXPECT_EQ(std::move(page).text(),
            "# HELP sluice_flow_blocks_total Blocks sealed.\n"
            "# TYPE sluice_flow_blocks_total counter\n"
            "sluice_flow_blocks_total{flow=\"a\"} 3\n"
            "sluice_flow_blocks_total{flow=\"b\\\"\\\\\\n\"} 5\n"
            "# HELP sluice_buffer_trouble 1 while nothing can be stored.\n"
            "# TYPE sluice_buffer_trouble gauge\n"
            "sluice_buffer_trouble 1\n");
}

TEST(MetricsPage, TellsWhatNeverEndsAsInfinite) {
  MetricsPage page;
  page.add(Metric::FlowTimeToFull, {{"flow", "a"}}, std::numeric_limits<double>::infinity());
  const std::string text = std::move(page).text();
  EXPECT_NE(text.find("seconds{flow=\"a\"} +Inf\n"), std::string::npos) << text;
}

TEST(MetricsPage, AddsUpTheRangesOfAHistogram) {
  static constexpr std::array kBounds{0.1, 5.0};
  Histogram histogram(kBounds);
  histogram.add(0.05, 2);
  histogram.add(1, 3);
  histogram.add(9);
  MetricsPage page;
  page.add(Metric::BufferCommitSeconds, {}, histogram);
  const std::string name = "sluice_buffer_commit_duration_seconds";
  const std::string text = std::move(page).text();
  EXPECT_NE(text.find(name + "_count 6\n"), std::string::npos) << text;
  EXPECT_NE(text.find(name + "_sum 12.1\n"), std::string::npos) << text;
  EXPECT_NE(text.find(name + "_bucket{le=\"0.1\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find(name + "_bucket{le=\"5\"} 5\n"), std::string::npos) << text;
  EXPECT_NE(text.find(name + "_bucket{le=\"+Inf\"} 6\n"), std::string::npos) << text;
}

// A row of the table is "| `name` | type | labels | meaning |".
TEST(MetricCatalogue, IsWhatTheDocumentLists) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/docs/monitoring/metrics.md");
  const std::regex row(R"(^\| `([a-z_]+)` \| (counter|gauge|histogram) \|.*)");
  std::set<std::string> documented;
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) {
      EXPECT_TRUE(documented.insert(match[1].str() + ' ' + match[2].str()).second)
          << line << ": listed twice";
    }
  }
  std::set<std::string> known;
  for (const MetricEntry& entry : metric_catalogue()) {
    constexpr std::array kKinds{"counter", "gauge", "histogram"};
    known.insert(std::string(entry.name) + ' ' + kKinds.at(static_cast<std::size_t>(entry.kind)));
  }
  EXPECT_EQ(documented, known);
}

}  // namespace
}  // namespace sluice
