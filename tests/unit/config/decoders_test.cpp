#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test

DecoderOptions decoder_of(const std::string& lines) {
  const LoadedConfig loaded = load(with_flow(lines));
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  return loaded.config.flows.at(0).decode;
}

TEST(DecoderFields, NameEveryKind) {
  EXPECT_EQ(decoder_of("decode: csv").kind, DecoderKind::Csv);
  EXPECT_EQ(decoder_of("decode: logfmt").kind, DecoderKind::Logfmt);
  EXPECT_EQ(decoder_of("decode: msgpack").kind, DecoderKind::Msgpack);
  EXPECT_EQ(decoder_of("decode: cbor").kind, DecoderKind::Cbor);
  EXPECT_EQ(decoder_of("decode: sparkplug_b").kind, DecoderKind::SparkplugB);
}

TEST(DecoderFields, SetHowCsvIsRead) {
  const DecoderOptions by_default = decoder_of("decode: csv");
  EXPECT_EQ(by_default.csv.delimiter, ',');
  EXPECT_TRUE(by_default.csv.header.empty());
  const DecoderOptions given = decoder_of(R"(decode: csv
    csv: {delimiter: tab, header: [time, value]})");
  EXPECT_EQ(given.csv.delimiter, '\t');
  EXPECT_EQ(given.csv.header, (std::vector<std::string>{"time", "value"}));
}

TEST(DecoderFields, SetWhereTheValuesAre) {
  const StructLayout layout = decoder_of(R"(decode: struct
    struct: {endian: big, start: 2, size: 4, fields: {a: "i16 @0 * 0.1", b: "u8 le @3 bit 7"}})")
                                  .layout;
  EXPECT_TRUE(layout.big_endian);
  EXPECT_EQ(layout.start, 2U);
  EXPECT_EQ(layout.size, 4U);
  ASSERT_EQ(layout.fields.size(), 2U);
  EXPECT_EQ(layout.fields[0].name, "a");
  EXPECT_TRUE(layout.fields[0].is_scaled);
  EXPECT_EQ(layout.fields[1].name, "b");
  EXPECT_EQ(layout.fields[1].first_bit, 7U);
}

TEST(DecoderFields, SetHowPayloadsAreUnpacked) {
  EXPECT_EQ(decoder_of("decode: json").decompress, Decompression::None);
  const DecoderOptions given = decoder_of(R"(decompress: auto
    max_decompressed_size: 2MiB)");
  EXPECT_EQ(given.decompress, Decompression::Auto);
  EXPECT_EQ(given.max_decompressed_size, 2U * 1024 * 1024);
}

TEST(DecoderFields, AreCheckedEvenIfTheKindIsNotKnown) {
  const std::string text = report(load(with_flow(R"(decode: sparkplug
    csv: {delimiter: ";;;"}
    shape: round)")));
  EXPECT_NE(text.find("flows.all.decode"), std::string::npos) << text;
  EXPECT_NE(text.find("flows.all.shape"), std::string::npos) << text;
  EXPECT_EQ(text.find("flows.all.csv"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice
