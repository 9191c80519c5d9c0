// What nodes and devices have said about their metrics when they were born.
#pragma once

#include "core/stateful.h"
#include "decoders/sparkplug_topic.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice {

// A metric of a birth message.
struct BornMetric {
  std::string_view name;
  std::optional<std::uint64_t> alias;
  std::uint32_t type = 0;
};

// The metrics of one node, or of one device. Immutable.
class SparkplugBirth {
 public:
  explicit SparkplugBirth(const std::vector<BornMetric>& metrics);

  [[nodiscard]] std::optional<BornMetric> by_alias(std::uint64_t alias) const;
  [[nodiscard]] std::optional<BornMetric> by_name(std::string_view name) const;

  [[nodiscard]] std::vector<BornMetric> metrics() const;  // in the order of their names
  [[nodiscard]] std::size_t bytes() const;                // of memory
  bool operator==(const SparkplugBirth& other) const;

 private:
  struct Entry {
    std::uint32_t name_start;
    std::uint32_t name_size;
    std::uint32_t type;
    bool operator==(const Entry&) const = default;
  };
  using Alias = std::pair<std::uint64_t, std::uint32_t>;  // and the position of its entry

  std::string names_;
  std::vector<Entry> entries_;  // by name
  std::vector<Alias> aliases_;  // by alias
};

// Of all nodes and devices. When there are more than may be kept, those that have not been looked
// at for longest are forgotten; they will be asked to be born again. One thread at a time.
class SparkplugBirths final : public Stateful {
 public:
  explicit SparkplugBirths(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void learn(const SparkplugTopic& topic, const std::vector<BornMetric>& metrics);

  // Null if it is not known. Valid until the next call of another function.
  const SparkplugBirth* find(const SparkplugTopic& topic);

  [[nodiscard]] std::size_t size() const { return births_.size(); }

  [[nodiscard]] bool changed() const override { return changed_; }
  std::string save() override;
  Status restore(std::string_view saved) override;

 private:
  struct Known {
    SparkplugBirth birth;
    std::uint64_t last_look = 0;
  };
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library asks for it
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };
  using Map = std::unordered_map<std::string, Known, Hash, std::equal_to<>>;

  const std::string& key_of(const SparkplugTopic& topic);
  void make_room(std::size_t bytes);
  static std::size_t bytes_of(std::string_view key, const SparkplugBirth& birth);

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t looks_ = 0;
  bool changed_ = false;
  std::string key_;
  Map births_;  // by group/node/device
};

}  // namespace sluice
