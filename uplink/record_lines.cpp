#include "uplink/record_lines.h"

#include "uplink/codec.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace sluice {

namespace {

// Far above the size at which blocks are sealed, far below what would hurt.
constexpr std::size_t kMostContentBytes = 256UL * 1024 * 1024;

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

template <class Number>
bool skip_number(std::string_view& text, Number& value) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{}) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// The end of a string of JSON that begins before text[0]; npos if there is none.
std::size_t end_of_string(std::string_view text) {
  std::size_t at = text.find_first_of("\"\\");
  while (at != std::string_view::npos && text[at] == '\\') {
    at = text.find_first_of("\"\\", std::min(at + 2, text.size()));
  }
  return at;
}

}  // namespace

Result<std::shared_ptr<const std::string>> text_of(const BlockPtr& block) {
  switch (block->codec) {
    case Codec::Ndjson:
      return std::shared_ptr<const std::string>(block, &block->data);
    case Codec::ZstdNdjson: {
      auto text = decompress_frame(block->data, kMostContentBytes);
      if (!text) {
        return text.error();
      }
      return std::make_shared<const std::string>(*std::move(text));
    }
  }
  return Error{Reaction::Reject, "the block is stored in a form that this version does not know"};
}

bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) {
    return false;
  }
  const std::size_t end = text.find('\n');
  line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

std::optional<Sequence> sequence_of(std::string_view line) {
  std::uint64_t sequence = 0;
  if (!skip(line, R"({"seq":)") || !skip_number(line, sequence) ||
      !(line.starts_with(',') || line.starts_with('}'))) {
    return std::nullopt;
  }
  return Sequence(sequence);
}

std::string_view topic_of(std::string_view line, std::string& memory) {
  std::uint64_t sequence = 0;
  std::int64_t time = 0;
  if (!skip(line, R"({"seq":)") || !skip_number(line, sequence) || !skip(line, R"(,"ts":)") ||
      !skip_number(line, time) || !skip(line, R"(,"topic":")")) {
    return {};
  }
  const std::size_t end = end_of_string(line);
  if (end == std::string_view::npos) {
    return {};
  }
  const std::string_view topic = line.substr(0, end);
  if (topic.find('\\') == std::string_view::npos) {
    return topic;
  }
  // Topics with quotes or control characters in them: hardly ever.
  simdjson::dom::parser parser;
  std::string_view plain;
  const std::string quoted = '"' + std::string(topic) + '"';
  if (parser.parse(quoted).get(plain) != simdjson::SUCCESS) {
    return {};
  }
  memory.assign(plain);
  return memory;
}

}  // namespace sluice
