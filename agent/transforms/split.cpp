#include "core/json_text.h"
#include "core/message.h"
#include "json/slicer.h"
#include "transforms/record_steps.h"
#include "transforms/values.h"

#include <algorithm>
#include <cstddef>

namespace sluice {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Behind the string that begins here.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    at += text[at] == '\\' ? 1U : 0U;
  }
  return at + 1;
}

// The end of the item that begins the text of an array behind its bracket: the comma or bracket
// that follows it. The text is valid JSON.
std::size_t end_of_item(std::string_view text) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == ']')) {
      return at;
    }
    depth += (c == '[' || c == '{' ? 1 : 0) - (c == ']' || c == '}' ? 1 : 0);
    ++at;
  }
  return text.size();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

class Split final : public Step {
 public:
  explicit Split(const std::string& each) : key_(key_text(each)), name_key_(key_ + "_key") {}

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    rows_.clear();
    bool split = false;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Row row = batch.rows()[i];
      if (row.live() && take_apart(batch, row)) {
        split = true;
        put_parts(batch, row);
      } else {
        rows_.push_back(row);
      }
    }
    if (split) {
      batch.replace_rows(rows_);
    }
  }

 private:
  // False: the field is not there, or has no parts by its nature.
  bool take_apart(RowBatch& batch, const Row& row) {
    parts_.clear();
    const RecordField* const field = batch.find(row, key_);
    if (field == nullptr) {
      return false;
    }
    const std::string_view value = field->value;
    if (value.starts_with('[')) {
      for (std::string_view rest = value.substr(1); !rest.empty();) {
        const std::size_t end = end_of_item(rest);
        const std::string_view item = trimmed(rest.substr(0, end));
        if (!item.empty()) {
          parts_.push_back({{}, item});
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      return true;
    }
    if (!value.starts_with('{') ||
        !slicer_.slice(batch.arena().put_padded(value, MessageBatch::kPadding))) {
      return false;
    }
    for (const RecordField& member : slicer_.fields()) {
      parts_.push_back({batch.arena().put(member.key), member.value});
    }
    return true;
  }

  void put_parts(RowBatch& batch, const Row& row) {
    if (parts_.empty() || parts_.size() > kMostParts) {
      Row whole = row;
      if (parts_.empty()) {
        RowBatch::filter(whole);
      } else {
        RowBatch::fail(whole, "split", "too_many_parts");
      }
      rows_.push_back(whole);
      return;
    }
    for (const RecordField& part : parts_) {
      Row copy = batch.copy_of(row, 2);
      copy.made = row.made || &part != &parts_.front();
      batch.set(copy, key_, part.value);
      if (!part.key.empty()) {
        std::string& name = batch.arena().scratch();
        name += '"';
        name += part.key;
        name += '"';
        batch.set(copy, name_key_, batch.arena().put(name));
      }
      rows_.push_back(copy);
    }
  }

  std::string key_;
  std::string name_key_;
  JsonSlicer slicer_;
  std::vector<RecordField> parts_;  // those of an array have no key
  std::vector<Row> rows_;
};

class Stamp final : public Step {
 public:
  explicit Stamp(const StampOptions& options) : key_(key_text(options.field)) {
    for (const auto& [name, text] : options.facts) {
      value_ += (value_.empty() ? "{" : ",") + quoted(name) + ':' + quoted(text);
    }
    value_ += value_.empty() ? "{}" : "}";
  }

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([this, &batch](Row& row) { batch.set(row, key_, value_); });
  }

 private:
  std::string key_;
  std::string value_;
};

}  // namespace

std::unique_ptr<Step> make_split(const std::string& each) {
  return std::make_unique<Split>(each);
}

std::unique_ptr<Step> make_stamp(const StampOptions& options) {
  return std::make_unique<Stamp>(options);
}

}  // namespace sluice
