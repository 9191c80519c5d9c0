#include "decoders/sparkplug_births.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <algorithm>

namespace sluice {
namespace {

using protozero::tag_and_type;

constexpr auto kVarint = protozero::pbf_wire_type::varint;
constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;

// The saved form: protocol buffers. A later version may add fields, and must leave these.
constexpr std::uint32_t kVersion = 1;
constexpr protozero::pbf_tag_type kVersionField = 1;
constexpr protozero::pbf_tag_type kBirthField = 2;   // repeated: those below
constexpr protozero::pbf_tag_type kKeyField = 1;     // group/node/device
constexpr protozero::pbf_tag_type kMetricField = 2;  // repeated: name, alias, type
constexpr protozero::pbf_tag_type kNameField = 1;
constexpr protozero::pbf_tag_type kAliasField = 2;
constexpr protozero::pbf_tag_type kTypeField = 4;  // these three as in a metric of Sparkplug

BornMetric read_metric(std::string_view bytes) {
  BornMetric metric;
  for (protozero::pbf_reader reader(bytes); reader.next();) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kNameField, kBytes):
        metric.name = reader.get_view();
        break;
      case tag_and_type(kAliasField, kVarint):
        metric.alias = reader.get_uint64();
        break;
      case tag_and_type(kTypeField, kVarint):
        metric.type = reader.get_uint32();
        break;
      default:
        reader.skip();
    }
  }
  return metric;
}

std::pair<std::string, SparkplugBirth> read_birth(std::string_view bytes) {
  std::string key;
  std::vector<BornMetric> metrics;
  for (protozero::pbf_reader reader(bytes); reader.next();) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kKeyField, kBytes):
        key = reader.get_string();
        break;
      case tag_and_type(kMetricField, kBytes):
        metrics.push_back(read_metric(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
  return {std::move(key), SparkplugBirth(metrics)};
}

void write_birth(const std::string& key, const SparkplugBirth& birth,
                 protozero::pbf_writer& writer) {
  protozero::pbf_writer one(writer, kBirthField);
  one.add_string(kKeyField, key);
  for (const BornMetric& metric : birth.metrics()) {
    protozero::pbf_writer fields(one, kMetricField);
    fields.add_string(kNameField, metric.name);
    if (metric.alias) {
      fields.add_uint64(kAliasField, *metric.alias);
    }
    fields.add_uint32(kTypeField, metric.type);
  }
}

}  // namespace

SparkplugBirth::SparkplugBirth(const std::vector<BornMetric>& metrics) {
  std::vector<BornMetric> sorted = metrics;
  std::ranges::stable_sort(sorted, {}, &BornMetric::name);
  for (const BornMetric& metric : sorted) {
    if (metric.alias) {
      aliases_.emplace_back(*metric.alias, static_cast<std::uint32_t>(entries_.size()));
    }
    entries_.push_back({static_cast<std::uint32_t>(names_.size()),
                        static_cast<std::uint32_t>(metric.name.size()), metric.type});
    names_ += metric.name;
  }
  std::ranges::sort(aliases_);
}

std::optional<BornMetric> SparkplugBirth::by_alias(std::uint64_t alias) const {
  if (aliases_.empty()) {
    return std::nullopt;
  }
  // Most nodes count their aliases up: then it is known where this one is.
  const std::uint64_t expected = alias - aliases_.front().first;
  const bool is_there = expected < aliases_.size() && aliases_[expected].first == alias;
  const auto found = is_there ? aliases_.begin() + static_cast<std::ptrdiff_t>(expected)
                              : std::ranges::lower_bound(aliases_, alias, {}, &Alias::first);
  if (found == aliases_.end() || found->first != alias) {
    return std::nullopt;
  }
  const Entry& entry = entries_[found->second];
  return BornMetric{.name = std::string_view(names_).substr(entry.name_start, entry.name_size),
                    .alias = alias,
                    .type = entry.type};
}

std::optional<BornMetric> SparkplugBirth::by_name(std::string_view name) const {
  const auto name_of = [this](const Entry& entry) {
    return std::string_view(names_).substr(entry.name_start, entry.name_size);
  };
  const auto found = std::ranges::lower_bound(entries_, name, {}, name_of);
  if (found == entries_.end() || name_of(*found) != name) {
    return std::nullopt;
  }
  return BornMetric{.name = name, .alias = {}, .type = found->type};
}

std::vector<BornMetric> SparkplugBirth::metrics() const {
  std::vector<BornMetric> metrics;
  metrics.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    metrics.push_back({.name = std::string_view(names_).substr(entry.name_start, entry.name_size),
                       .alias = {},
                       .type = entry.type});
  }
  for (const Alias& alias : aliases_) {
    metrics[alias.second].alias = alias.first;
  }
  return metrics;
}

std::size_t SparkplugBirth::bytes() const {
  return sizeof(SparkplugBirth) + names_.size() + entries_.size() * sizeof(Entry) +
         aliases_.size() * sizeof(Alias);
}

bool SparkplugBirth::operator==(const SparkplugBirth& other) const {
  return names_ == other.names_ && entries_ == other.entries_ && aliases_ == other.aliases_;
}

void SparkplugBirths::learn(const SparkplugTopic& topic, const std::vector<BornMetric>& metrics) {
  SparkplugBirth birth(metrics);
  const std::string& key = key_of(topic);
  const auto known = births_.find(key);
  if (known != births_.end() && known->second.birth == birth) {
    known->second.last_look = ++looks_;
    return;  // a node that was asked says again what it has said before
  }
  changed_ = true;
  if (known != births_.end()) {
    bytes_ -= bytes_of(key, known->second.birth);
    births_.erase(known);
  }
  const std::size_t bytes = bytes_of(key, birth);
  if (bytes > most_bytes_) {
    return;
  }
  make_room(bytes);
  bytes_ += bytes;
  births_.emplace(key, Known{std::move(birth), ++looks_});
}

const SparkplugBirth* SparkplugBirths::find(const SparkplugTopic& topic) {
  const auto known = births_.find(key_of(topic));
  if (known == births_.end()) {
    return nullptr;
  }
  known->second.last_look = ++looks_;
  return &known->second.birth;
}

const std::string& SparkplugBirths::key_of(const SparkplugTopic& topic) {
  key_.assign(topic.group).append(1, '/').append(topic.node).append(1, '/').append(topic.device);
  return key_;
}

void SparkplugBirths::make_room(std::size_t bytes) {
  while (bytes_ + bytes > most_bytes_) {
    const auto oldest = std::ranges::min_element(
        births_, {}, [](const Map::value_type& known) { return known.second.last_look; });
    bytes_ -= bytes_of(oldest->first, oldest->second.birth);
    births_.erase(oldest);
  }
}

std::size_t SparkplugBirths::bytes_of(std::string_view key, const SparkplugBirth& birth) {
  return key.size() + birth.bytes() + sizeof(Map::value_type);
}

std::string SparkplugBirths::save() {
  changed_ = false;
  if (births_.empty()) {
    return {};
  }
  std::vector<const Map::value_type*> by_age;
  by_age.reserve(births_.size());
  for (const Map::value_type& known : births_) {
    by_age.push_back(&known);
  }
  std::ranges::sort(by_age, {}, [](const auto* known) { return known->second.last_look; });
  std::string saved;
  protozero::pbf_writer writer(saved);
  writer.add_uint32(kVersionField, kVersion);
  for (const Map::value_type* known : by_age) {
    write_birth(known->first, known->second.birth, writer);
  }
  return saved;
}

Status SparkplugBirths::restore(std::string_view saved) {
  Map restored;
  std::size_t bytes = 0;
  std::uint64_t looks = 0;
  std::uint32_t version = 0;
  try {
    for (protozero::pbf_reader reader(saved); reader.next();) {
      switch (reader.tag_and_type()) {
        case tag_and_type(kVersionField, kVarint):
          version = reader.get_uint32();
          break;
        case tag_and_type(kBirthField, kBytes): {
          auto [key, birth] = read_birth(reader.get_view());
          bytes += bytes_of(key, birth);
          restored.insert_or_assign(std::move(key), Known{std::move(birth), ++looks});
          break;
        }
        default:
          reader.skip();
      }
    }
  } catch (const protozero::exception& damaged) {
    return Error{Reaction::Reject,
                 std::string("the saved births of Sparkplug are damaged: ") + damaged.what()};
  }
  if (version != kVersion && !saved.empty()) {
    return Error{Reaction::Reject, "this is not a list of births of Sparkplug of this version"};
  }
  births_ = std::move(restored);
  bytes_ = bytes;
  looks_ = looks;
  make_room(0);
  changed_ = false;
  return {};
}

}  // namespace sluice
