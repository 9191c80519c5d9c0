#include "tests/unit/decoders/bytes_of.h"
#include "tests/unit/decoders/decoding.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using Records = std::vector<Decoded>;

Records msgpack(std::string_view payload) {
  const auto decoder = make_decoder(DecoderKind::Msgpack);
  return decode_all(*decoder, payload);
}

struct Example {
  const char* hex;
  const char* json;
};

// Every first byte of the specification, with its limits.
constexpr auto kExamples = std::to_array<Example>({
    {"00", "0"},
    {"7f", "127"},
    {"ff", "-1"},
    {"e0", "-32"},
    {"80", "{}"},
    {"82a161c0a162c3", R"({"a":null,"b":true})"},
    {"90", "[]"},
    {"9301c202", "[1,false,2]"},
    {"a0", "\"\""},
    {"a568656c6c6f", "\"hello\""},
    {"a4f09f9880", "\"\xF0\x9F\x98\x80\""},
    {"a2ff00", "\"/wA=\""},
    {"c0", "null"},
    {"c2", "false"},
    {"c3", "true"},
    {"c403010203", "\"AQID\""},
    {"c5000101", "\"AQ==\""},
    {"c60000000101", "\"AQ==\""},
    {"c701052a", R"({"ext":5,"base64":"Kg=="})"},
    {"c8000105ff", R"({"ext":5,"base64":"/w=="})"},
    {"c900000001802a", R"({"ext":-128,"base64":"Kg=="})"},
    {"ca3fc00000", "1.5"},
    {"ca7fc00000", "null"},
    {"cb3ff199999999999a", "1.1"},
    {"cbfff0000000000000", "null"},
    {"ccff", "255"},
    {"cdffff", "65535"},
    {"ceffffffff", "4294967295"},
    {"cfffffffffffffffff", "18446744073709551615"},
    {"d080", "-128"},
    {"d07f", "127"},
    {"d18000", "-32768"},
    {"d280000000", "-2147483648"},
    {"d38000000000000000", "-9223372036854775808"},
    {"d4012a", R"({"ext":1,"base64":"Kg=="})"},
    {"d5012a2b", R"({"ext":1,"base64":"Kis="})"},
    {"d6012a2b2c2d", R"({"ext":1,"base64":"KissLQ=="})"},
    {"d7010001020304050607", R"({"ext":1,"base64":"AAECAwQFBgc="})"},
    {"d801000102030405060708090a0b0c0d0e0f", R"({"ext":1,"base64":"AAECAwQFBgcICQoLDA0ODw=="})"},
    {"d90161", "\"a\""},
    {"da000161", "\"a\""},
    {"db0000000161", "\"a\""},
    {"dc000101", "[1]"},
    {"dd0000000101", "[1]"},
    {"de0001a16101", R"({"a":1})"},
    {"df00000001a16101", R"({"a":1})"},
    {"d6ff61700000", "1634729984"},
    {"d7ff77359400691f0000", "1763639296.5"},
    {"c70cff1dcd6500ffffffffffffffff", "-0.5"},
    {"c70cff1dcd6500fffffffffffffffe", "-1.5"},
    {"c70cff00000001000000000000000a", "10.000000001"},
    {"c70cff3b9aca000000000000000000", R"({"ext":-1,"base64":"O5rKAAAAAAAAAAAA"})"},
    {"d4ff00", R"({"ext":-1,"base64":"AA=="})"},
});

TEST(Msgpack, ReadsEveryForm) {
  for (const Example& example : kExamples) {
    EXPECT_EQ(msgpack(bytes_of(example.hex)), Records{json(example.json)}) << example.hex;
  }
}

TEST(Msgpack, RefusesEveryBeginningOfAnExampleAndWhatFollowsOne) {
  for (const Example& example : kExamples) {
    const std::string bytes = bytes_of(example.hex);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::string part = bytes.substr(0, size);
      EXPECT_EQ(msgpack(part), Records{binary(part, "invalid_msgpack")})
          << example.hex << " " << size;
    }
    EXPECT_EQ(msgpack(bytes + '\0'), Records{binary(bytes + '\0', "invalid_msgpack")})
        << example.hex;
  }
}

TEST(Msgpack, RefusesWhatIsMalformed) {
  for (const char* hex :
       {"c1", "ddffffffff00", "dfffffffff0000", "dbffffffff61", "c6ffffffff00", "c9ffffffff0100"}) {
    const std::string bytes = bytes_of(hex);
    EXPECT_EQ(msgpack(bytes), Records{binary(bytes, "invalid_msgpack")}) << hex;
  }
}

TEST(Msgpack, MakesTextOfKeysThatAreNotStrings) {
  EXPECT_EQ(msgpack(bytes_of("8401a161ffa162c2c392c0a16302")),
            Records{json(R"({"1":"a","-1":"b","false":true,"[null,\"c\"]":2})")});
}

TEST(Msgpack, ReadsSixtyFourLevelsAndNoMore) {
  const std::string deep = std::string(64, '\x91') + '\0';
  EXPECT_EQ(msgpack(deep), Records{json(std::string(64, '[') + '0' + std::string(64, ']'))});
  const std::string deeper = std::string(100'000, '\x91') + '\0';
  EXPECT_EQ(msgpack(deeper), Records{binary(deeper, "too_deep")});
}

}  // namespace
}  // namespace sluice
