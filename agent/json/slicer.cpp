#include "json/slicer.h"

#include "core/json_text.h"
#include "core/message.h"

#include <simdjson.h>

#include <cstring>
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

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A valid number that a double can hold without a doubt, and that is no integer of 2^64 or more.
// False: it has to be read to know.
bool is_plain_number(std::string_view text) {
  constexpr std::size_t kSurelyFits = 19;  // digits, the sign and the point
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() > kSurelyFits) {
    return false;
  }
  at += *at == '-' ? 1 : 0;
  const char* const digits = at;
  while (at != end && is_digit(*at))
    ++at;
  if (at == digits || (*digits == '0' && at - digits > 1)) {
    return false;
  }
  if (at == end) {
    return true;
  }
  if (*at++ != '.') {
    return false;
  }
  const char* const fraction = at;
  while (at != end && is_digit(*at))
    ++at;
  return at == end && at != fraction;
}

// What the first stage of simdjson, which goes over the whole document, has already found valid: a
// string without escapes. The others are simple enough to see.
bool is_plain_scalar(std::string_view text) {
  switch (text.front()) {
    case '"':
      return std::memchr(text.data(), '\\', text.size()) == nullptr && text.size() > 1 &&
             text.back() == '"';
    case 't':
      return text == "true";
    case 'f':
      return text == "false";
    case 'n':
      return text == "null";
    default:
      return is_plain_number(text);
  }
}

std::string_view without_space_behind(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// The text between the quotes; `escaped` says whether there are escapes.
std::string_view raw_key(const ondemand::raw_json_string& key, bool& escaped) {
  const char* end = key.raw();
  // Two tests: with one, the address would depend on what was read.
  for (; *end != '"'; ++end) {
    if (*end == '\\') [[unlikely]] {
      escaped = true;
      ++end;
    }
  }
  return {key.raw(), static_cast<std::size_t>(end - key.raw())};
}

bool is_valid(ondemand::value value, int depth);

bool is_valid_key(simdjson::simdjson_result<ondemand::field>& field) {
  ondemand::raw_json_string raw;
  std::string_view key;
  bool escaped = false;
  if (failed(field.key().get(raw))) {
    return false;
  }
  raw_key(raw, escaped);
  return !escaped || !failed(field.unescaped_key().get(key));
}

// simdjson looks at keys and values only when they are asked for.
bool is_valid(ondemand::object object, int depth) {
  for (auto field : object) {
    ondemand::value value;
    if (!is_valid_key(field) || failed(field.value().get(value)) || !is_valid(value, depth)) {
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

// `text` is its text without space around it.
bool is_valid_scalar(ondemand::value& value, json_type type, std::string_view text) {
  if (is_plain_scalar(text)) {
    // A string that nobody takes would be skipped as the key that it may look like.
    return type != json_type::string || !failed(value.get_raw_json_string().error());
  }
  switch (type) {
    case json_type::string: {
      std::string_view unescaped;
      return !failed(value.get_string().get(unescaped));
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
  return is_valid_scalar(value, type, without_space_behind(value.raw_json_token()));
}

// Looks at all of the value: then the document stands behind it.
template <class Nested>
bool cut_nested(ondemand::document& document, Nested& nested, std::string_view& text) {
  const char* rest = nullptr;
  if (!is_valid(nested, 2) || failed(document.current_location().get(rest))) {
    return false;
  }
  const char* const start = text.data();
  text = without_space_behind({start, static_cast<std::size_t>(rest - start)});
  return true;
}

bool cut_value(ondemand::document& document, ondemand::value& value, std::string_view& text) {
  json_type type{};
  if (failed(value.type().get(type))) {
    return false;
  }
  text = value.raw_json_token();
  if (type == json_type::object) {
    ondemand::object object;
    return !failed(value.get_object().get(object)) && cut_nested(document, object, text);
  }
  if (type == json_type::array) {
    ondemand::array array;
    return !failed(value.get_array().get(array)) && cut_nested(document, array, text);
  }
  text = without_space_behind(text);
  return is_valid_scalar(value, type, text);
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
      if (failed(field.error()) || !take(document, field)) {
        return false;
      }
    }
    const char* rest = nullptr;
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
  }

  bool take(ondemand::document& document, simdjson::simdjson_result<ondemand::field>& field) {
    ondemand::raw_json_string raw;
    if (failed(field.key().get(raw))) {
      return false;
    }
    bool escaped = false;
    RecordField taken{raw_key(raw, escaped), {}};
    if (escaped) {
      std::string_view key;
      if (failed(field.unescaped_key().get(key))) {
        return false;
      }
      append_escaped(key, keys_.emplace_back());
      taken.key = keys_.back();
    }
    ondemand::value value;
    if (failed(field.value().get(value)) || !cut_value(document, value, taken.value)) {
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
