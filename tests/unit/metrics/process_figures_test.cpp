#include "metrics/process_figures.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <vector>

namespace sluice {
namespace {

TEST(ProcessFigures, KnowThisProcess) {
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const std::vector<char> memory(64UL * 1024 * 1024, 1);
  rusage used{};
  while (used.ru_utime.tv_sec * 1'000'000 + used.ru_utime.tv_usec < 30'000) {
    getrusage(RUSAGE_SELF, &used);
  }
  const ProcessFigures figures = process_figures();
  ASSERT_TRUE(figures.cpu_seconds);
  EXPECT_GE(*figures.cpu_seconds, 0.01);
  ASSERT_TRUE(figures.resident_bytes);
  EXPECT_GE(*figures.resident_bytes, memory.size());
  ASSERT_TRUE(figures.start_seconds);
  const double now = std::chrono::duration<double>(before).count();
  EXPECT_LE(*figures.start_seconds, now + 2) << "btime is in whole seconds";
  EXPECT_GE(*figures.start_seconds, now - 3'600);
}

}  // namespace
}  // namespace sluice
