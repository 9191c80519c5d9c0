#include "transforms/window_result.h"

#include "core/json_text.h"
#include "transforms/values.h"

#include <utility>

namespace sluice {
namespace {

constexpr std::string_view kShape = "shape 1";
constexpr std::size_t kKeyHead = 9;  // bytes before the group

std::string_view put_ms(Timestamp time, Arena& arena) {
  std::string& text = arena.scratch();
  append_number(time.time_since_epoch().count(), text);
  return arena.put(text);
}

}  // namespace

void WindowGroup::save(StateWriter& writer) const {
  writer.time(start.time_since_epoch());
  writer.number(late ? 1 : 0);
  writer.time(closes);
  writer.text(topic);
  writer.number(fields.size());
  for (const Aggregate& field : fields) {
    field.save(writer);
  }
}

void WindowGroup::restore(StateReader& reader) {
  start = Timestamp(reader.time());
  late = reader.number() != 0;
  closes = reader.time();
  topic = reader.text();
  for (std::uint64_t left = reader.number(); left > 0 && reader.good(); --left) {
    fields.emplace_back().restore(reader);
  }
}

void put_window_key(Timestamp start, bool late, std::string_view group, std::string& key) {
  key.clear();
  const auto ms = static_cast<std::uint64_t>(start.time_since_epoch().count());
  for (unsigned shift = 0; shift < 64; shift += 8) {
    key += static_cast<char>((ms >> shift) & 0xFFU);
  }
  key += late ? '\1' : '\0';
  key += group;
}

WindowShape::WindowShape(const WindowOptions& options)
    : size_(options.size.count() > 0 ? options.size : options.every),
      time_key_(key_text(options.time_field)),
      by_(key_texts(options.by)) {
  for (const WindowOptions::Field& field : options.fields) {
    add_field(key_text(field.name), field.functions);
  }
}

void WindowShape::add_field(std::string key, const std::vector<Aggregation>& functions) {
  Field field{.key = std::move(key), .outputs = {}};
  for (const Aggregation function : functions) {
    field.stddev = field.stddev || function == Aggregation::Stddev;
    field.quantiles =
        field.quantiles || function == Aggregation::P50 || function == Aggregation::P95;
    field.outputs.push_back({function, field.key + '_' + std::string(name_of(function))});
  }
  fields_.push_back(std::move(field));
}

std::string WindowShape::bytes() const {
  StateWriter writer(kShape);
  writer.time(size_);
  writer.text(time_key_);
  writer.number(by_.size());
  for (const std::string& key : by_) {
    writer.text(key);
  }
  writer.number(fields_.size());
  for (const Field& field : fields_) {
    writer.text(field.key);
    writer.number(field.outputs.size());
    for (const Field::Output& output : field.outputs) {
      writer.text(name_of(output.function));
    }
  }
  return writer.finish();
}

std::optional<WindowShape> WindowShape::of_bytes(std::string_view bytes) {
  Result<StateReader> reader = StateReader::open(bytes, kShape);
  if (!reader) {
    return std::nullopt;
  }
  WindowShape shape;
  shape.size_ = reader->time();
  shape.time_key_ = reader->text();
  for (std::uint64_t left = reader->number(); left > 0 && reader->good(); --left) {
    shape.by_.emplace_back(reader->text());
  }
  for (std::uint64_t left = reader->number(); left > 0 && reader->good(); --left) {
    std::string key(reader->text());
    std::vector<Aggregation> functions;
    for (std::uint64_t more = reader->number(); more > 0 && reader->good(); --more) {
      if (const auto function = aggregation(reader->text())) {
        functions.push_back(*function);
      }
    }
    shape.add_field(std::move(key), functions);
  }
  return reader->done() ? std::optional(std::move(shape)) : std::nullopt;
}

std::vector<std::string> WindowShape::output_keys() const {
  std::vector<std::string> keys = by_;
  keys.insert(keys.end(), {"window_start", "window_end", "late"});
  for (const Field& field : fields_) {
    for (const Field::Output& output : field.outputs) {
      keys.push_back(output.key);
    }
  }
  return keys;
}

void WindowShape::put_result(std::string_view key, const WindowGroup& group,
                             RowBatch& batch) const {
  Arena& arena = batch.arena();
  Row& row = batch.make(group.topic, group.start + size_);
  // The values as Grouping has put them together.
  std::string_view values = arena.put(key.substr(kKeyHead));
  for (const std::string& by : by_) {
    const std::string_view value = values.substr(0, values.find('\0'));
    values.remove_prefix(value.size() + 1);
    if (!value.empty()) {
      batch.append(row, by, value);
    }
  }
  batch.append(row, "window_start", put_ms(group.start, arena));
  batch.append(row, "window_end", put_ms(group.start + size_, arena));
  if (group.late) {
    batch.append(row, "late", "true");
  }
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    for (const Field::Output& output : fields_[i].outputs) {
      const bool any = group.fields[i].count() > 0;
      if (output.function == Aggregation::Count) {
        std::string& text = arena.scratch();
        append_number(group.fields[i].count(), text);
        batch.append(row, output.key, arena.put(text));
      } else if (const auto value = any ? group.fields[i].value(output.function) : std::nullopt) {
        batch.append(row, output.key, put_number(*value, arena));
      } else {
        batch.append(row, output.key, "null");
      }
    }
  }
}

}  // namespace sluice
