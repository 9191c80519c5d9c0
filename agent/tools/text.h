// Times, sizes and tables as people read and write them.
#pragma once

#include "core/clock.h"
#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// "2026-11-21T09:15:02Z", "2026-11-21 09:15", "2026-11-21" (all UTC), or an age: 90s 15m 36h 7d.
Result<Timestamp> parse_time(std::string_view text, Timestamp now);

std::string time_text(Timestamp time);           // "2026-11-21T09:15:02Z"
std::string size_in_words(std::uint64_t bytes);  // "1.5 MiB"
std::string grouped(std::uint64_t number);       // "1,234,567"

// Columns as wide as their widest cell; the first row is the heading.
class TextTable {
 public:
  enum class Align { Left, Right };

  explicit TextTable(std::vector<Align> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// What comes from messages may hold what a terminal obeys.
std::string printable(std::string_view text);

}  // namespace sluice
