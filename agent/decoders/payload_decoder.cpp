#include "decoders/payload_decoder.h"

#include "decoders/original.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
namespace {

static_assert(simdjson::SIMDJSON_PADDING <= MessageBatch::kPadding);

// A parser keeps about 14 times the size of the largest document it has seen.
constexpr std::size_t kLargestKept = 256UL * 1024;
constexpr std::size_t kSmallestKept = 4UL * 1024;
constexpr std::size_t kDeepest = 64;
// simdjson counts the document itself as a level, and an empty array or object as none.
constexpr std::size_t kParserDepth = kDeepest + 1;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kSpace = " \t\r\n";

std::string_view without_space_around(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Saves the parser a look at most log lines.
bool may_begin_json(char c) {
  return c == '{' || c == '[' || c == '"' || c == '-' || (c >= '0' && c <= '9') || c == 't' ||
         c == 'f' || c == 'n';
}

bool holds_line_break(std::string_view text) {
  return std::memchr(text.data(), '\n', text.size()) != nullptr ||
         std::memchr(text.data(), '\r', text.size()) != nullptr;
}

// The only user of simdjson's parser. Memory stays bounded whatever it is given.
class JsonValidator {
 public:
  // The value on one line, without the space around it; nothing if it is not valid. The view is
  // valid until the next call.
  std::optional<std::string_view> one_line(std::string_view payload) {
    if (payload.starts_with(kByteOrderMark)) {
      payload.remove_prefix(kByteOrderMark.size());  // not part of the value (RFC 8259, 8.1)
    }
    const std::string_view json = without_space_around(payload);
    if (json.empty() || !may_begin_json(json.front()) || !valid(json)) {
      return std::nullopt;
    }
    return holds_line_break(json) ? minified(json) : std::optional(json);
  }

 private:
  bool valid(std::string_view json) {
    if (json.size() > kLargestKept) {
      simdjson::dom::parser parser;
      simdjson::dom::document document;
      return parses(parser, document, json, json.size());
    }
    const std::size_t capacity = std::max(kSmallestKept, std::bit_ceil(json.size()));
    return parses(parser_, document_, json, capacity);
  }

  static bool parses(simdjson::dom::parser& parser, simdjson::dom::document& document,
                     std::string_view json, std::size_t capacity) {
    const bool has_room = parser.capacity() >= json.size() && document.capacity() >= json.size();
    if (!has_room && (parser.allocate(capacity, kParserDepth) != simdjson::SUCCESS ||
                      document.allocate(capacity) != simdjson::SUCCESS)) {
      return false;  // no memory for the check: the payload is kept as text
    }
    constexpr bool kCopyFirst = false;  // the padding is there already
    return parser.parse_into_document(document, json.data(), json.size(), kCopyFirst).error() ==
           simdjson::SUCCESS;
  }

  std::optional<std::string_view> minified(std::string_view json) {
    if (line_.capacity() > 2 * kLargestKept && json.size() <= kLargestKept) {
      line_ = {};
    }
    line_.resize(json.size() + MessageBatch::kPadding);  // it writes in wide steps, too
    std::size_t size = 0;
    if (simdjson::minify(json.data(), json.size(), line_.data(), size) != simdjson::SUCCESS) {
      return std::nullopt;  // a string without an end, which the parser would have refused
    }
    return std::string_view(line_.data(), size);
  }

  simdjson::dom::parser parser_;
  simdjson::dom::document document_;
  std::string line_;
};

class PayloadDecoder final : public Decoder {
 public:
  explicit PayloadDecoder(DecoderKind kind) : kind_(kind) {}

  void decode(const Message& message, std::vector<Record>& records) override {
    Record record;
    record.topic = message.topic;
    record.time = message.received;
    record.body = message.payload;
    if (message.full_size != 0 && kind_ == DecoderKind::Binary) {
      record.error = "oversize";
      records.push_back(record);
    } else if (!add_if_cut(message, records)) {
      decode_whole(record);
      records.push_back(record);
    }
  }

 private:
  void decode_whole(Record& record) {
    if (kind_ == DecoderKind::Text) {
      record.kind = is_valid_utf8(record.body) ? BodyKind::Text : BodyKind::Binary;
      record.error = record.kind == BodyKind::Text ? "" : "invalid_utf8";
    } else if (kind_ != DecoderKind::Binary) {
      decode_json(record);
    }
  }

  void decode_json(Record& record) {
    if (const auto line = json_.one_line(record.body)) {
      record.kind = BodyKind::Json;
      record.body = *line;
      return;
    }
    record.kind = is_valid_utf8(record.body) ? BodyKind::Text : BodyKind::Binary;
    record.error = kind_ == DecoderKind::Json ? "invalid_json" : "";
  }

  DecoderKind kind_;
  JsonValidator json_;
};

}  // namespace

std::unique_ptr<Decoder> make_payload_decoder(DecoderKind kind) {
  return std::make_unique<PayloadDecoder>(kind);
}

}  // namespace sluice
