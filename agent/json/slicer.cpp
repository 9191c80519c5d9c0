#include "json/slicer.h"

#include "core/json_text.h"
#include "core/message.h"

#include <simdjson.h>

#include <deque>
#include <string>
#include <vector>

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

// simdjson 3.0 is told the size of the input including its padding.
constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING;
static_assert(kPadding <= MessageBatch::kPadding);

// A parser keeps about six times the size of the largest document it has seen.
constexpr std::size_t kLargestKept = 256UL * 1024;

constexpr bool failed(simdjson::error_code code) {
  return code != simdjson::SUCCESS;
}

// The text between the quotes.
std::string_view raw_key(const ondemand::raw_json_string& key) {
  const char* end = key.raw();
  while (*end != '"') {
    end += *end == '\\' ? 2 : 1;
  }
  return {key.raw(), static_cast<std::size_t>(end - key.raw())};
}

bool is_valid(ondemand::value value, int depth);

// simdjson looks at keys and values only when they are asked for.
bool is_valid(ondemand::object object, int depth) {
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (failed(field.unescaped_key().get(key)) || failed(field.value().get(value)) ||
        !is_valid(value, depth)) {
      return false;
    }
  }
  return true;
}

bool is_valid(ondemand::array array, int depth) {
  for (auto item : array) {
    ondemand::value value;
    if (failed(item.get(value)) || !is_valid(value, depth)) {
      return false;
    }
  }
  return true;
}

bool is_valid_scalar(ondemand::value& value, json_type type) {
  switch (type) {
    case json_type::string: {
      std::string_view text;
      return !failed(value.get_string().get(text));
    }
    case json_type::number: {
      ondemand::number number;
      return !failed(value.get_number().get(number));
    }
    case json_type::boolean: {
      bool boolean = false;
      return !failed(value.get_bool().get(boolean));
    }
    default: {
      bool null = false;
      return !failed(value.is_null().get(null)) && null;
    }
  }
}

// `depth` is the level of what contains the value. It is not bounded by simdjson.
bool is_valid(ondemand::value value, int depth) {
  json_type type{};
  if (failed(value.type().get(type))) {
    return false;
  }
  if (type == json_type::object) {
    ondemand::object object;
    return depth < JsonSlicer::kDeepest && !failed(value.get_object().get(object)) &&
           is_valid(object, depth + 1);
  }
  if (type == json_type::array) {
    ondemand::array array;
    return depth < JsonSlicer::kDeepest && !failed(value.get_array().get(array)) &&
           is_valid(array, depth + 1);
  }
  return is_valid_scalar(value, type);
}

// Looks at all of the value and then goes back to say where it ends.
template <class Nested>
bool cut_nested(Nested& nested, std::string_view& text) {
  return is_valid(nested, 2) && !failed(nested.reset().error()) &&
         !failed(nested.raw_json().get(text));
}

bool cut_value(ondemand::value& value, std::string_view& text) {
  json_type type{};
  if (failed(value.type().get(type))) {
    return false;
  }
  if (type == json_type::object) {
    ondemand::object object;
    return !failed(value.get_object().get(object)) && cut_nested(object, text);
  }
  if (type == json_type::array) {
    ondemand::array array;
    return !failed(value.get_array().get(array)) && cut_nested(array, text);
  }
  text = value.raw_json_token();
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  return is_valid_scalar(value, type);
}

}  // namespace

class JsonSlicer::Parser {
 public:
  bool slice(std::string_view object) {
    fields_.clear();
    keys_.clear();
    if (object.size() > kLargestKept) {
      ondemand::parser parser;
      return slice(parser, object);
    }
    return slice(kept_, object);
  }

  [[nodiscard]] std::span<const RecordField> fields() const { return fields_; }

 private:
  bool slice(ondemand::parser& parser, std::string_view text) {
    ondemand::document document;
    ondemand::object object;
    if (failed(parser.iterate(text.data(), text.size(), text.size() + kPadding).get(document)) ||
        failed(document.get_object().get(object))) {
      return false;
    }
    for (auto field : object) {
      if (failed(field.error()) || !take(field)) {
        return false;
      }
    }
    const char* rest = nullptr;
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
  }

  bool take(simdjson::simdjson_result<ondemand::field>& field) {
    ondemand::raw_json_string raw;
    if (failed(field.key().get(raw))) {
      return false;
    }
    RecordField taken{raw_key(raw), {}};
    if (taken.key.find('\\') != std::string_view::npos) {
      std::string_view key;
      if (failed(field.unescaped_key().get(key))) {
        return false;
      }
      append_escaped(key, keys_.emplace_back());
      taken.key = keys_.back();
    }
    ondemand::value value;
    if (failed(field.value().get(value)) || !cut_value(value, taken.value)) {
      return false;
    }
    fields_.push_back(taken);
    return true;
  }

  ondemand::parser kept_;
  std::vector<RecordField> fields_;
  std::deque<std::string> keys_;  // that were written with escapes they do not need
};

JsonSlicer::JsonSlicer() : parser_(std::make_unique<Parser>()) {
}
JsonSlicer::~JsonSlicer() = default;

bool JsonSlicer::slice(std::string_view object) {
  return parser_->slice(object);
}

std::span<const RecordField> JsonSlicer::fields() const {
  return parser_->fields();
}

}  // namespace sluice
