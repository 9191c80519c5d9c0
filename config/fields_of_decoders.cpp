#include "config/fields.h"
#include "config/rules.h"

namespace sluice::configuration {

namespace {

constexpr const char* kTab = "tab";

Field delimiter_field(CsvOptions& csv) {
  std::string initial(1, csv.delimiter);
  Field field = text("delimiter", initial, "What is between two values: one character, or `tab`.")
                    .checked(check_delimiter);
  field.store = [&csv](const FieldValue& value) {
    const auto& text = std::get<std::string>(value);
    csv.delimiter = text == kTab ? '\t' : text.front();
  };
  return field;
}

Field csv_field(CsvOptions& csv) {
  return section("csv",
                 {delimiter_field(csv),
                  text_list("header", csv.header,
                            "Names of the columns; default: the first line of each payload.")},
                 "How the lines are to be read.");
}

Field struct_values_field(StructLayout& layout) {
  Pairs unused;  // the texts are not kept
  Field field =
      text_map("fields", unused, check_struct_field,
               "For each value its type, place and scale, like `\"i16 be @0 * 0.1\"`; see "
               "[decoders](../agent/decoders/README.md#struct).");
  field.store = [&layout](const FieldValue& value) {
    for (const auto& [name, text] : std::get<Pairs>(value)) {
      if (auto parsed = parse_struct_field(name, text)) {
        layout.fields.push_back(*std::move(parsed));
      }
    }
  };
  return std::move(field).require();
}

Field struct_field(StructLayout& layout) {
  constexpr auto kFarthest = static_cast<std::int64_t>(kLargestStructOffset);
  return section(
             "struct",
             {choice<bool>("endian", layout.big_endian, {{"little", false}, {"big", true}},
                           "Order of the bytes of a number, where its field says nothing else."),
              integer("start", layout.start, {0, kFarthest},
                      "Bytes before the first record, which are not read."),
              integer("size", layout.size, {0, kFarthest},
                      "Bytes of each record, as many as there are; 0: one record."),
              struct_values_field(layout)},
             "Where the values are in the payload.")
      .require();
}

}  // namespace

std::vector<Field> decoder_fields(DecoderOptions& decode) {
  constexpr std::int64_t kKiB = 1024;
  return {
      choice<DecoderKind>("decode", decode.kind,
                          {{"auto", DecoderKind::Auto},
                           {"json", DecoderKind::Json},
                           {"text", DecoderKind::Text},
                           {"binary", DecoderKind::Binary},
                           {"csv", DecoderKind::Csv},
                           {"logfmt", DecoderKind::Logfmt},
                           {"msgpack", DecoderKind::Msgpack},
                           {"cbor", DecoderKind::Cbor},
                           {"sparkplug_b", DecoderKind::SparkplugB},
                           {"struct", DecoderKind::Struct}},
                          "How payloads are to be read.")
          .selecting({{},
                      {},
                      {},
                      {},
                      {csv_field(decode.csv)},
                      {},
                      {},
                      {},
                      {},
                      {struct_field(decode.layout)}}),
      choice<Decompression>("decompress", decode.decompress,
                            {{"none", Decompression::None},
                             {"gzip", Decompression::Gzip},
                             {"zstd", Decompression::Zstd},
                             {"auto", Decompression::Auto}},
                            "How senders compress payloads; `auto`: what looks like gzip or zstd."),
      size("max_decompressed_size", decode.max_decompressed_size, {kKiB, 256 * kKiB * kKiB},
           "A payload that becomes larger is kept as it came, with an error."),
  };
}

}  // namespace sluice::configuration
