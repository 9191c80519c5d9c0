// Records that wait for the end of their window of time.
#pragma once

#include "core/clock.h"
#include "core/record.h"
#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// Kept as the bytes that are stored, so that storing costs no more than a copy. One thread at a
// time.
class SqlWindow {
 public:
  explicit SqlWindow(std::chrono::milliseconds length) : length_(length) {}

  [[nodiscard]] std::size_t size() const { return count_; }

  // The first record opens the window in which `now` lies.
  void add(const Record& record, Timestamp now);

  // `now` is not within the window: behind it, or, after somebody has set the clock back, before.
  [[nodiscard]] bool is_over(Timestamp now) const;
  [[nodiscard]] Timestamp end() const { return start_ + length_; }

  void for_each(const std::function<void(const Record&)>& visit) const;
  void clear();

  // "1 <start> <length>\n", and for every record "<time> <kind> <bytes of the topic> <bytes of the
  // body>\n" and these bytes. Empty without records.
  [[nodiscard]] std::string save() const;
  Status restore(std::string_view saved);

 private:
  std::chrono::milliseconds length_;
  Timestamp start_{};
  std::size_t count_ = 0;
  std::string records_;
};

}  // namespace sluice
