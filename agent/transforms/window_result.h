// What a window holds until it ends, and the record that it becomes.
#pragma once

#include "transforms/aggregate.h"
#include "transforms/batch.h"
#include "transforms/groups.h"
#include "transforms/timeline.h"
#include "transforms/window_step.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// One group in one window.
struct WindowGroup {
  Timestamp start;
  bool late = false;
  Timeline::Time closes{0};  // at the latest
  std::string topic;
  std::vector<Aggregate> fields;

  void save(StateWriter& writer) const;
  void restore(StateReader& reader);
};

// By start, lateness and the fields it is grouped by.
void put_window_key(Timestamp start, bool late, std::string_view group, std::string& key);

// How results look. As bytes it is stored with the groups, so that they can be put out even if the
// options have changed since.
class WindowShape {
 public:
  struct Field {
    std::string key;
    bool stddev = false;
    bool quantiles = false;
    struct Output {
      Aggregation function;
      std::string key;
    };
    std::vector<Output> outputs;
  };

  explicit WindowShape(const WindowOptions& options);
  static std::optional<WindowShape> of_bytes(std::string_view bytes);
  [[nodiscard]] std::string bytes() const;

  [[nodiscard]] Timeline::Time size() const { return size_; }
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
  // Of all fields of a result, in order.
  [[nodiscard]] std::vector<std::string> output_keys() const;

  // The shape must live as long as the batch.
  void put_result(std::string_view key, const WindowGroup& group, RowBatch& batch) const;

 private:
  WindowShape() = default;
  void add_field(std::string key, const std::vector<Aggregation>& functions);

  Timeline::Time size_{0};
  std::string time_key_;
  std::vector<std::string> by_;
  std::vector<Field> fields_;
};

}  // namespace sluice
