#include "tests/lab/report.h"

#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

namespace sluice::lab {
namespace {

DeviceRanges some_devices() {
  DeviceRanges devices;
  devices["dev-000"].insert(0, 1233);
  devices["dev-000"].insert(1236);
  devices["a \"quoted\"\n one"].insert(5);
  return devices;
}

TEST(LoadReport, SaysTheSameAfterWritingAndReading) {
  const LoadReport report{.counts = {.published = 1240,
                                     .acked = 1236,
                                     .refused = 1,
                                     .redelivered = 7,
                                     .reconnects = 2,
                                     .payload_bytes = 99,
                                     .seconds = 12.5},
                          .finished = true,
                          .acked = some_devices()};
  const Result<LoadReport> read = parse_load_report(to_json(report));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->counts.published, 1240U);
  EXPECT_EQ(read->counts.acked, 1236U);
  EXPECT_EQ(read->counts.refused, 1U);
  EXPECT_EQ(read->counts.redelivered, 7U);
  EXPECT_EQ(read->counts.reconnects, 2U);
  EXPECT_EQ(read->counts.payload_bytes, 99U);
  EXPECT_EQ(read->counts.seconds, 12.5);
  EXPECT_TRUE(read->finished);
  EXPECT_EQ(read->acked, report.acked);
}

TEST(ReceiverReport, SaysTheSameAfterWritingAndReading) {
  ReceiverReport report;
  report.counts.requests = 3;
  report.counts.duplicates = 4;
  report.counts.last_problem = "line 3: \"x\\y\"";
  report.received = some_devices();
  const Result<ReceiverReport> read = parse_receiver_report(to_json(report));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->counts.requests, 3U);
  EXPECT_EQ(read->counts.duplicates, 4U);
  EXPECT_EQ(read->counts.last_problem, report.counts.last_problem);
  EXPECT_EQ(read->received, report.received);
}

TEST(LoadReport, IsRefusedIfSomethingIsMissingOrWrong) {
  EXPECT_FALSE(parse_load_report(""));
  EXPECT_FALSE(parse_load_report("{}"));
  EXPECT_FALSE(parse_load_report(to_json(ReceiverReport{})));
  std::string cut = to_json(LoadReport{.counts = {}, .acked = some_devices()});
  cut.resize(cut.size() - 3);
  EXPECT_FALSE(parse_load_report(cut));
}

TEST(Report, IsReplacedAsAWhole) {
  const testing_support::TempDirectory directory;
  const std::string path = directory.file("report.json");
  ASSERT_TRUE(write_file(path, "a long first text"));
  ASSERT_TRUE(write_file(path, "short"));
  const Result<std::string> text = read_file(path);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "short");
  EXPECT_FALSE(write_file(directory.file("no/such/folder"), "x"));
  EXPECT_FALSE(read_file(directory.file("missing")));
}

}  // namespace
}  // namespace sluice::lab
