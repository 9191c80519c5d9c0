#include "transforms/batch.h"

#include "core/json_text.h"
#include "core/message.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// So that a step can add a few fields without moving those that are there.
constexpr std::size_t kSpareFields = 4;

std::string_view key_of(BodyKind kind) {
  switch (kind) {
    case BodyKind::Json:
      return "value";
    case BodyKind::Text:
      return "text";
    case BodyKind::Binary:
      return "base64";
  }
  return {};
}

std::string_view without_space(std::string_view json) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = std::min(json.find_first_not_of(kSpace), json.size());
  return json.substr(first, json.find_last_not_of(kSpace) + 1 - first);
}

bool lies_within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() <= whole.data() + whole.size();
}

}  // namespace

void RowBatch::clear() {
  rows_.clear();
  fields_.clear();
  arena_.reset();
  bytes_ = 0;
}

void RowBatch::add(const Record& record, std::uint32_t origin) {
  bytes_ += record.body.size();
  Row row{.topic = record.topic,
          .time = record.time,
          .kind = record.kind,
          .state = record.error.empty() ? RowState::Live : RowState::Passed,
          .body = arena_.put_padded(record.body, MessageBatch::kPadding),
          .error = record.error,
          .failed_step = record.failed_step,
          .origin = origin};
  // A message's topic is there as long as the message; what a decoder has made need not be.
  row.topic = arena_.put(record.topic);
  if (!row.live()) {
    row.error = arena_.put(record.error);
    rows_.push_back(row);
    return;
  }
  if (!record.fields.empty()) {
    take_fields(row, record.fields, record.body);
  } else if (row.kind == BodyKind::Json && row.body.starts_with('{') && slicer_.slice(row.body)) {
    take_fields(row, slicer_.fields(), row.body);
  } else {
    take_scalar(row);
  }
  rows_.push_back(row);
}

// The views are moved along with the body that they are a part of.
void RowBatch::take_fields(Row& row, std::span<const RecordField> fields,
                           std::string_view old_body) {
  row.first = static_cast<std::uint32_t>(fields_.size());
  row.count = static_cast<std::uint32_t>(fields.size());
  row.room = static_cast<std::uint32_t>(fields.size() + kSpareFields);
  const auto moved = [&](std::string_view part) {
    return lies_within(part, old_body)
               ? row.body.substr(static_cast<std::size_t>(part.data() - old_body.data()),
                                 part.size())
               : arena_.put(part);
  };
  fields_.resize(fields_.size() + row.room);
  std::ranges::transform(fields, fields_.begin() + row.first, [&moved](const RecordField& field) {
    return RecordField{moved(field.key), moved(field.value)};
  });
}

void RowBatch::take_scalar(Row& row) {
  row.first = static_cast<std::uint32_t>(fields_.size());
  row.count = 1;
  row.room = 1 + kSpareFields;
  RecordField field{key_of(row.kind), without_space(row.body)};
  if (row.kind != BodyKind::Json) {
    std::string& text = arena_.scratch();
    text += '"';
    if (row.kind == BodyKind::Text) {
      append_escaped(row.body, text);
    } else {
      append_base64(row.body, text);
    }
    text += '"';
    field.value = arena_.put(text);
  }
  fields_.push_back(field);
  fields_.resize(fields_.size() + kSpareFields);
}

RecordField* RowBatch::find(const Row& row, std::string_view key) {
  const std::span<RecordField> all = fields(row);
  const auto found = std::find_if(all.rbegin(), all.rend(), [key](const RecordField& field) {
    return same_key(field.key, key);
  });
  return found != all.rend() ? &*found : nullptr;
}

void RowBatch::set(Row& row, std::string_view key, std::string_view value) {
  if (RecordField* const field = find(row, key)) {
    row.changed = true;
    field->value = value;
    return;
  }
  append(row, key, value);
}

void RowBatch::append(Row& row, std::string_view key, std::string_view value) {
  row.changed = true;
  if (row.count == row.room) {
    reserve(row, row.count + 1 + kSpareFields);
  }
  fields_[row.first + row.count] = {key, value};
  ++row.count;
}

void RowBatch::remove(Row& row, std::string_view key) {
  keep_if(row, [key](const RecordField& field) { return field.key != key; });
}

void RowBatch::reserve(Row& row, std::size_t count) {
  const auto first = static_cast<std::uint32_t>(fields_.size());
  fields_.resize(fields_.size() + count);
  std::copy_n(fields_.begin() + row.first, row.count, fields_.begin() + first);
  row.first = first;
  row.room = static_cast<std::uint32_t>(count);
}

Row& RowBatch::make(std::string_view topic, Timestamp time) {
  Row row{.topic = arena_.put(topic), .time = time, .changed = true, .made = true};
  reserve(row, kSpareFields);
  return rows_.emplace_back(row);
}

Row RowBatch::copy_of(const Row& row, std::size_t spare_fields) {
  Row copy = row;
  reserve(copy, row.count + spare_fields);
  return copy;
}

Record RowBatch::record(const Row& row) {
  Record record{.topic = row.topic,
                .time = row.time,
                .kind = row.kind,
                .body = row.body,
                .error = row.error,
                .failed_step = row.failed_step,
                .fields = {}};
  if (!row.changed || !row.error.empty()) {
    return record;
  }
  const std::span<const RecordField> all = fields(row);
  std::size_t size = 2;
  for (const RecordField& field : all) {
    size += field.key.size() + field.value.size() + 4;  // quotes, colon and comma
  }
  text_.resize(size);
  char* at = text_.data();
  *at++ = '{';
  for (const RecordField& field : all) {
    *at++ = '"';
    at = std::copy(field.key.begin(), field.key.end(), at);
    *at++ = '"';
    *at++ = ':';
    at = std::copy(field.value.begin(), field.value.end(), at);
    *at++ = ',';
  }
  at -= all.empty() ? 0 : 1;
  *at++ = '}';
  text_.resize(static_cast<std::size_t>(at - text_.data()));
  record.kind = BodyKind::Json;
  record.body = text_;
  return record;
}

}  // namespace sluice
