// The records that go through the steps together.
#pragma once

#include "core/clock.h"
#include "core/record.h"
#include "json/slicer.h"
#include "transforms/arena.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class RowState : std::uint8_t {
  Live,        // goes through the next step
  Passed,      // goes by all further steps and comes out as it is
  Filtered,    // gone on purpose
  Aggregated,  // gone: part of another record
  Failed,      // could not be transformed; `error` and `failed_step` say why
};

// One record in a batch. Its topic and its fields are views of memory that lives as long as the
// batch.
struct Row {
  std::string_view topic;
  Timestamp time;
  BodyKind kind = BodyKind::Json;
  RowState state = RowState::Live;
  bool changed = false;  // `body` does not say what the fields say
  bool made = false;     // by a step, not from one record that went in
  std::string_view body{};
  std::string_view error{};
  std::string_view failed_step{};
  std::uint32_t origin = 0;

  // Of its fields, in the table of the batch.
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t room = 0;

  [[nodiscard]] bool live() const { return state == RowState::Live; }
};

// Names that differ tend to differ in their size or at their end, which is seen without a call.
inline bool same_key(std::string_view one, std::string_view other) {
  return one.size() == other.size() && (one.empty() || one.back() == other.back()) && one == other;
}

// A record that is a JSON object has the object's members as fields. Any other JSON value is the
// field `value`, text the field `text` and bytes the field `base64`, so that every step can deal
// with them; they come out as they went in unless a step has changed them.
//
// Rows keep their order. References to rows, and what fields() and find() return, are valid until
// the next call that is not const. One thread at a time.
class RowBatch {
 public:
  // With an error: Passed.
  void add(const Record& record, std::uint32_t origin);
  void clear();

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of what was added
  [[nodiscard]] std::span<Row> rows() { return rows_; }

  template <class Visit>
  void for_each_live(Visit visit) {
    for (Row& row : rows_) {
      if (row.live()) {
        visit(row);
      }
    }
  }

  [[nodiscard]] std::span<RecordField> fields(const Row& row) {
    return std::span(fields_).subspan(row.first, row.count);
  }
  // By the key as JSON text, see RecordField. The last one, as most readers of JSON would, if there
  // are several; null if there is none.
  [[nodiscard]] RecordField* find(const Row& row, std::string_view key);

  // Key and value must live as long as the batch: from the configuration, another field, or
  // arena().
  void set(Row& row, std::string_view key, std::string_view value);
  // The same for a key that the row is known not to have: it is not looked for.
  void append(Row& row, std::string_view key, std::string_view value);
  void remove(Row& row, std::string_view key);
  // Keeps the fields for which `wanted` is true, in order.
  template <class Wanted>
  void keep_if(Row& row, Wanted wanted) {
    const std::span<RecordField> all = fields(row);
    std::size_t kept = 0;
    for (const RecordField& field : all) {
      if (wanted(field)) {
        all[kept++] = field;
      }
    }
    row.changed = row.changed || kept != all.size();
    row.count = static_cast<std::uint32_t>(kept);
  }

  static void filter(Row& row) { row.state = RowState::Filtered; }
  static void aggregate(Row& row) { row.state = RowState::Aggregated; }
  // `step` and `reason` must live as long as the batch.
  static void fail(Row& row, std::string_view step, std::string_view reason) {
    row.state = RowState::Failed;
    row.failed_step = step;
    row.error = reason;
  }

  // A live row without fields, behind all others. It counts as made.
  Row& make(std::string_view topic, Timestamp time);
  // For a step that puts several rows in the place of one: `order` becomes the rows.
  void replace_rows(std::vector<Row>& order) { rows_.swap(order); }
  // A copy of the row with fields of its own, not yet part of the batch.
  [[nodiscard]] Row copy_of(const Row& row, std::size_t spare_fields);

  [[nodiscard]] Arena& arena() { return arena_; }

  // What the row looks like now. Valid until the next call.
  [[nodiscard]] Record record(const Row& row);

 private:
  void take_fields(Row& row, std::span<const RecordField> fields, std::string_view old_body);
  void take_scalar(Row& row);
  void reserve(Row& row, std::size_t count);

  std::vector<Row> rows_;
  std::vector<RecordField> fields_;
  Arena arena_;
  JsonSlicer slicer_;
  std::size_t bytes_ = 0;
  std::string text_;  // of record()
};

}  // namespace sluice
