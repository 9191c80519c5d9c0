#include "tools/frames.h"

#include "admin/json_writer.h"

#include <simdjson.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice {

namespace {

constexpr std::uint32_t kSkippable = 0x184D2A50;  // RFC 8878; any of its 16 values may be used
constexpr std::size_t kSkippableHeader = 8;
constexpr std::size_t kLargestNote = 4UL * 1024;
constexpr std::size_t kLargestBlock =
    256UL * 1024 * 1024;  // far more than the configuration allows

void append_little_endian(std::uint32_t value, std::string& out) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>((value >> shift) & 0xFFU);
  }
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8U * i);
  }
  return value;
}

Error not_an_export() {
  return {Reaction::Reject, "this is not what `sluice buffer export` writes"};
}

Result<FrameNote> parse_note(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  FrameNote note;
  std::string_view flow;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root["epoch"].get(note.epoch) != simdjson::SUCCESS ||
      root["flow"].get(flow) != simdjson::SUCCESS ||
      root["first"].get(first) != simdjson::SUCCESS ||
      root["last"].get(last) != simdjson::SUCCESS ||
      root["records"].get(note.records) != simdjson::SUCCESS ||
      root["damaged"].get(note.damaged) != simdjson::SUCCESS) {
    return not_an_export();
  }
  note.flow = flow;
  note.first = Sequence(first);
  note.last = Sequence(last);
  return note;
}

}  // namespace

std::string noted(const FrameNote& note) {
  JsonWriter json;
  json.begin_object().field("epoch", note.epoch).field("flow", note.flow);
  json.field("first", number(note.first)).field("last", number(note.last));
  json.field("records", note.records).field("damaged", note.damaged).end_object();
  std::string frame;
  append_little_endian(kSkippable, frame);
  append_little_endian(static_cast<std::uint32_t>(json.text().size()), frame);
  return frame + json.text();
}

Result<std::string> framed(const Block& block, const FrameNote& note) {
  if (block.codec == Codec::ZstdNdjson) {
    return block.data + noted(note);
  }
  std::string frame(ZSTD_compressBound(block.data.size()), '\0');
  const std::size_t size =
      ZSTD_compress(frame.data(), frame.size(), block.data.data(), block.data.size(), 1);
  if (ZSTD_isError(size) != 0) {
    return Error{Reaction::Retry, std::string("cannot compress: ") + ZSTD_getErrorName(size)};
  }
  frame.resize(size);
  return frame + noted(note);
}

void FrameSplitter::feed(std::string_view bytes) {
  waiting_.erase(0, used_);
  used_ = 0;
  waiting_ += bytes;
}

Result<std::optional<FrameSplitter::Frame>> FrameSplitter::next() {
  while (true) {
    const std::string_view rest = std::string_view(waiting_).substr(used_);
    if (rest.size() < kSkippableHeader) {
      return std::optional<Frame>();
    }
    if (little_endian(rest) == kSkippable) {
      return note_in(rest);
    }
    const Result<bool> taken = take_block(rest);
    if (!taken) {
      return taken.error();
    }
    if (!*taken) {
      return std::optional<Frame>();
    }
  }
}

// Ends the block before it.
Result<std::optional<FrameSplitter::Frame>> FrameSplitter::note_in(std::string_view rest) {
  const std::size_t size = little_endian(rest.substr(4));
  if (size > kLargestNote) {
    return not_an_export();
  }
  if (rest.size() < kSkippableHeader + size) {
    return std::optional<Frame>();
  }
  Result<FrameNote> note = parse_note(rest.substr(kSkippableHeader, size));
  if (!note) {
    return note.error();
  }
  used_ += kSkippableHeader + size;
  complete_ += block_.size() + kSkippableHeader + size;
  return std::optional(Frame{std::exchange(block_, {}), *std::move(note)});
}

// False: not all of it is there yet.
Result<bool> FrameSplitter::take_block(std::string_view rest) {
  if (little_endian(rest) != ZSTD_MAGICNUMBER || !block_.empty()) {
    return not_an_export();
  }
  const std::size_t size = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
  if (ZSTD_isError(size) != 0) {
    if (rest.size() > kLargestBlock) {
      return not_an_export();
    }
    return false;
  }
  block_ = rest.substr(0, size);
  used_ += size;
  return true;
}

Result<std::string> decompressed(std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kLargestBlock) {
    return Error{Reaction::Reject, "not a zstd frame that says how large its content is"};
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != text.size()) {
    return Error{Reaction::Reject, std::string("cannot decompress: ") +
                                       (ZSTD_isError(got) != 0 ? ZSTD_getErrorName(got) : "size")};
  }
  return text;
}

std::optional<Sequence> sequence_in(std::string_view line, const FrameNote& note,
                                    std::uint64_t index) {
  if (number(note.last) - number(note.first) + 1 == note.records) {
    return advance(note.first, index);
  }
  constexpr std::string_view kStart = "{\"seq\":";
  if (!line.starts_with(kStart)) {
    return std::nullopt;
  }
  std::uint64_t sequence = 0;
  const char* begin = line.data() + kStart.size();
  const auto [end, failed] = std::from_chars(begin, line.data() + line.size(), sequence);
  return failed == std::errc() && end != begin ? std::optional(Sequence(sequence)) : std::nullopt;
}

Result<std::string> lines_of(const Block& block) {
  return block.codec == Codec::ZstdNdjson ? decompressed(block.data)
                                          : Result<std::string>(block.data);
}

Result<Block> cut(const Block& block, Sequence seen, FrameNote& note) {
  const Result<std::string> text = lines_of(block);
  if (!text) {
    return text.error();
  }
  const FrameNote whole = note;
  Block rest = block;
  rest.codec = Codec::Ndjson;
  rest.data.clear();
  note.records = 0;
  std::string_view lines = *text;
  for (std::uint64_t index = 0; !lines.empty(); ++index) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::optional<Sequence> sequence = sequence_in(line, whole, index);
    if (!sequence) {
      return Error{Reaction::Reject, "a block that was put together does not tell its sequences"};
    }
    if (*sequence <= seen) {
      continue;
    }
    note.first = note.records == 0 ? *sequence : note.first;
    ++note.records;
    rest.data += line;
    rest.data += '\n';
  }
  return rest;
}

}  // namespace sluice
