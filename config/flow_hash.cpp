#include "config/flow_hash.h"

#include "core/join.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::configuration {

namespace {

// FNV-1a, 64 bits (draft-eastlake-fnv): it recognises definitions, it does not protect anything.
std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325ULL;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x0000'0100'0000'01b3ULL;
  }
  return hash;
}

std::string hex(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4U) {
    text[i] = kDigits[number & 0xFU];
  }
  return text;
}

// With its length in front, so that different definitions cannot become the same text.
void put(std::string& text, std::string_view part) {
  text += std::to_string(part.size()) + ':' + std::string(part) + ',';
}

void put(std::string& text, std::vector<std::string> parts) {
  std::ranges::sort(parts);
  put(text, std::to_string(parts.size()));
  for (const std::string& part : parts) {
    put(text, part);
  }
}

// The words of the configuration, not the numbers of the enumerators, which may change.
std::string_view word(DecoderKind kind) {
  switch (kind) {
    case DecoderKind::Auto:
      return "auto";
    case DecoderKind::Json:
      return "json";
    case DecoderKind::Text:
      return "text";
    case DecoderKind::Binary:
      return "binary";
    case DecoderKind::Csv:
      return "csv";
    case DecoderKind::Logfmt:
      return "logfmt";
    case DecoderKind::Msgpack:
      return "msgpack";
    case DecoderKind::Cbor:
      return "cbor";
    case DecoderKind::Struct:
      return "struct";
    case DecoderKind::SparkplugB:
      return "sparkplug_b";
  }
  return "";
}

std::string_view word(LineShape shape) {
  switch (shape) {
    case LineShape::Envelope:
      return "envelope";
    case LineShape::Flat:
      return "flat";
  }
  return "";
}

// What the file says of what is done to the records, in the order of the paths.
void put_treatment(std::string& text, const std::string& flow, const Reading& reading) {
  for (const char* part : {".on_error", ".transforms", ".types"}) {
    const std::string path = "flows." + flow + part;
    for (auto kind = reading.names.lower_bound(path);
         kind != reading.names.end() && kind->first.starts_with(path); ++kind) {
      put(text, kind->first);
      put(text, joined(kind->second));
    }
    for (auto value = reading.values.lower_bound(path);
         value != reading.values.end() && value->first.starts_with(path); ++value) {
      put(text, value->first);
      put(text, value->second);
    }
  }
}

std::string_view word(Decompression how) {
  switch (how) {
    case Decompression::None:
      return "none";
    case Decompression::Gzip:
      return "gzip";
    case Decompression::Zstd:
      return "zstd";
    case Decompression::Auto:
      return "auto";
  }
  return "";
}

// Everything that says how the value is read; the numbers in full.
void put(std::string& text, const StructField& field) {
  put(text, field.name);
  for (const std::size_t number :
       {static_cast<std::size_t>(field.type), field.offset, field.bytes,
        field.big_endian ? 1UL + static_cast<std::size_t>(*field.big_endian) : 0UL,
        std::size_t(field.first_bit), std::size_t(field.bits), std::size_t(field.is_flag)}) {
    put(text, std::to_string(number));
  }
  for (const double number : {field.factor, field.addend, field.divisor}) {
    put(text, std::to_string(number));
  }
}

// Nothing for a flow that has none, whose definition stays what it was before there were any.
void put_options(std::string& text, const DecoderOptions& decode) {
  if (decode.decompress != Decompression::None) {
    put(text, word(decode.decompress));
    put(text, std::to_string(decode.max_decompressed_size));
  }
  if (decode.kind == DecoderKind::Csv) {
    put(text, std::string(1, decode.csv.delimiter));
    for (const std::string& name : decode.csv.header) {
      put(text, name);
    }
  }
  if (decode.kind == DecoderKind::Struct) {
    put(text, decode.layout.big_endian ? "big" : "little");
    put(text, std::to_string(decode.layout.start));
    put(text, std::to_string(decode.layout.size));
    for (const StructField& field : decode.layout.fields) {
      put(text, field);
    }
  }
}

}  // namespace

std::string flow_hash(const FlowConfig& flow, const std::vector<SourceConfig>& sources,
                      const Reading& reading) {
  std::string definition;
  put(definition, "sluice flow 1");
  put(definition, flow.name);
  put(definition, flow.topics);
  put(definition, word(flow.decode.kind));
  put_options(definition, flow.decode);
  put(definition, word(flow.shape));
  std::vector<std::string> from = flow.from;
  std::ranges::sort(from);
  for (const std::string& name : from) {
    put(definition, name);
    const auto source =
        std::ranges::find_if(sources, [&](const auto& each) { return each.name == name; });
    put(definition, source == sources.end() ? std::vector<std::string>{} : source->topics());
  }
  put_treatment(definition, flow.name, reading);
  return hex(fnv1a(definition));
}

}  // namespace sluice::configuration
