#include "decoders/logfmt_decoder.h"

#include "core/json_text.h"
#include "decoders/name_set.h"
#include "decoders/original.h"
#include "decoders/plain_value.h"
#include "decoders/record_output.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
namespace {

constexpr std::string_view kSpace = " \t\r";

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// What follows a backslash and means the same in JSON. Half of a pair of \u does not.
std::size_t escape_length(std::string_view after) {
  constexpr std::string_view kSingle = "\"\\/bfnrt";
  if (after.empty()) {
    return 0;
  }
  if (kSingle.find(after[0]) != std::string_view::npos) {
    return 1;
  }
  constexpr std::size_t kLong = 5;  // u0000
  const bool is_long = after.size() >= kLong && after[0] == 'u' &&
                       std::ranges::all_of(after.substr(1, kLong - 1), is_hex);
  const bool is_half = is_long && (after[1] == 'd' || after[1] == 'D') && after[2] >= '8';
  return is_long && !is_half ? kLong : 0;
}

// `text` as it stands between quotes, with its escapes.
void append_unquoted(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\')) {
    append_escaped(text.substr(0, at), out);
    const std::size_t length = escape_length(text.substr(at + 1));
    out += length == 0 ? R"(\\)" : text.substr(at, 1 + length);
    text.remove_prefix(at + 1 + length);
  }
  append_escaped(text, out);
  out += '"';
}

// Position of the quote that closes; `text` begins behind the one that opens.
std::optional<std::size_t> closing_quote(std::string_view text) {
  for (std::size_t at = text.find_first_of("\"\\"); at != std::string_view::npos;
       at = text.find_first_of("\"\\", at)) {
    if (text[at] == '"') {
      return at;
    }
    at = std::min(at + 2, text.size());
  }
  return std::nullopt;
}

class LogfmtDecoder final : public Decoder {
 public:
  void decode(const Message& message, std::vector<Record>& records) override {
    if (add_if_cut(message, records)) {
      return;
    }
    if (!is_valid_utf8(message.payload)) {
      records.push_back(original(message, message.payload, "invalid_utf8"));
      return;
    }
    output_.begin(message, records);
    std::string_view rest = message.payload;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      decode_line(message, rest.substr(0, end), records);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    output_.finish();
  }

 private:
  void decode_line(const Message& message, std::string_view line, std::vector<Record>& records) {
    if (line.find_first_not_of(kSpace) == std::string_view::npos) {
      return;
    }
    const std::string_view error = write_pairs(line, output_.text());
    if (error.empty()) {
      output_.add(message.received);
    } else {
      output_.drop();
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
      }
      records.push_back(original(message, line, error));
    }
  }

  // What is wrong with the line; empty if nothing is.
  std::string_view write_pairs(std::string_view line, std::string& out) {
    names_.clear();
    bool has_value = false;
    const char* before = "{";
    for (skip_space(line); !line.empty(); skip_space(line)) {
      const std::string_view key = line.substr(0, line.find_first_of("= \t\r\""));
      line.remove_prefix(key.size());
      if (key.empty() || line.starts_with('"')) {
        return "invalid_logfmt";
      }
      if (!names_.insert(key)) {
        return "duplicate_key";
      }
      out += before;
      before = ",";
      append_string(key, out);
      out += ':';
      if (!line.starts_with('=')) {
        out += "true";
        continue;
      }
      line.remove_prefix(1);
      has_value = true;
      if (!write_value(line, out)) {
        return "invalid_logfmt";
      }
    }
    out += '}';
    return has_value ? "" : "invalid_logfmt";
  }

  static void skip_space(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  }

  // Takes the value off the front of `line`; false if it is not one.
  static bool write_value(std::string_view& line, std::string& out) {
    if (!line.starts_with('"')) {
      const std::string_view value = line.substr(0, line.find_first_of(kSpace));
      line.remove_prefix(value.size());
      append_plain_value(value, out);
      return true;
    }
    line.remove_prefix(1);
    const auto end = closing_quote(line);
    if (!end) {
      return false;
    }
    append_unquoted(line.substr(0, *end), out);
    line.remove_prefix(*end + 1);
    return line.empty() || kSpace.find(line[0]) != std::string_view::npos;
  }

  NameSet names_;
  RecordOutput output_;
};

}  // namespace

std::unique_ptr<Decoder> make_logfmt_decoder() {
  return std::make_unique<LogfmtDecoder>();
}

}  // namespace sluice
