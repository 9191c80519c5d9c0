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

Records cbor(std::string_view payload) {
  const auto decoder = make_decoder(DecoderKind::Cbor);
  return decode_all(*decoder, payload);
}

struct Example {
  const char* hex;
  const char* json;
};

// RFC 8949, appendix A, with what the README promises where JSON has no such value.
constexpr auto kRfcExamples = std::to_array<Example>({
    {"00", "0"},
    {"01", "1"},
    {"0a", "10"},
    {"17", "23"},
    {"1818", "24"},
    {"1819", "25"},
    {"1864", "100"},
    {"1903e8", "1000"},
    {"1a000f4240", "1000000"},
    {"1b000000e8d4a51000", "1000000000000"},
    {"1bffffffffffffffff", "18446744073709551615"},
    {"c249010000000000000000", "\"18446744073709551616\""},
    {"3bffffffffffffffff", "\"-18446744073709551616\""},
    {"c349010000000000000000", "\"-18446744073709551617\""},
    {"20", "-1"},
    {"29", "-10"},
    {"3863", "-100"},
    {"3903e7", "-1000"},
    {"f90000", "0"},
    {"f98000", "-0"},
    {"f93c00", "1"},
    {"fb3ff199999999999a", "1.1"},
    {"f93e00", "1.5"},
    {"f97bff", "65504"},
    {"fa47c35000", "1e+05"},
    {"fa7f7fffff", "3.4028235e+38"},
    {"fb7e37e43c8800759c", "1e+300"},
    {"f90001", "5.960464477539063e-08"},
    {"f90400", "6.103515625e-05"},
    {"f9c400", "-4"},
    {"fbc010666666666666", "-4.1"},
    {"f97c00", "null"},
    {"f97e00", "null"},
    {"f9fc00", "null"},
    {"fa7f800000", "null"},
    {"fb7ff8000000000000", "null"},
    {"f4", "false"},
    {"f5", "true"},
    {"f6", "null"},
    {"f7", "null"},
    {"f0", "null"},
    {"f8ff", "null"},
    {"c074323031332d30332d32315432303a30343a30305a", "\"2013-03-21T20:04:00Z\""},
    {"c11a514b67b0", "1363896240"},
    {"c1fb41d452d9ec200000", "1363896240.5"},
    {"d74401020304", "\"AQIDBA==\""},
    {"d818456449455446", "\"ZElFVEY=\""},
    {"d82076687474703a2f2f7777772e6578616d706c652e636f6d", "\"http://www.example.com\""},
    {"40", "\"\""},
    {"4401020304", "\"AQIDBA==\""},
    {"60", "\"\""},
    {"6161", "\"a\""},
    {"6449455446", "\"IETF\""},
    {"62225c", R"("\"\\")"},
    {"62c3bc", "\"\xC3\xBC\""},
    {"63e6b0b4", "\"\xE6\xB0\xB4\""},
    {"64f0908591", "\"\xF0\x90\x85\x91\""},
    {"80", "[]"},
    {"83010203", "[1,2,3]"},
    {"8301820203820405", "[1,[2,3],[4,5]]"},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
    {"a0", "{}"},
    {"a201020304", R"({"1":2,"3":4})"},
    {"a26161016162820203", R"({"a":1,"b":[2,3]})"},
    {"826161a161626163", R"(["a",{"b":"c"}])"},
    {"a56161614161626142616361436164614461656145", R"({"a":"A","b":"B","c":"C","d":"D","e":"E"})"},
    {"5f42010243030405ff", "\"AQIDBAU=\""},
    {"7f657374726561646d696e67ff", "\"streaming\""},
    {"9fff", "[]"},
    {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
    {"9f01820203820405ff", "[1,[2,3],[4,5]]"},
    {"83018202039f0405ff", "[1,[2,3],[4,5]]"},
    {"83019f0203ff820405", "[1,[2,3],[4,5]]"},
    {"bf61610161629f0203ffff", R"({"a":1,"b":[2,3]})"},
    {"826161bf61626163ff", R"(["a",{"b":"c"}])"},
    {"bf6346756ef563416d7421ff", R"({"Fun":true,"Amt":-2})"},
});

TEST(Cbor, ReadsTheExamplesOfTheRfc) {
  for (const Example& example : kRfcExamples) {
    EXPECT_EQ(cbor(bytes_of(example.hex)), Records{json(example.json)}) << example.hex;
  }
}

TEST(Cbor, RefusesEveryBeginningOfAnExampleAndWhatFollowsOne) {
  for (const Example& example : kRfcExamples) {
    const std::string bytes = bytes_of(example.hex);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::string part = bytes.substr(0, size);
      EXPECT_EQ(cbor(part), Records{binary(part, "invalid_cbor")}) << example.hex << " " << size;
    }
    EXPECT_EQ(cbor(bytes + '\0'), Records{binary(bytes + '\0', "invalid_cbor")}) << example.hex;
  }
}

TEST(Cbor, RefusesWhatIsMalformed) {
  for (const char* hex : {"ff", "1c", "1f", "3f", "df00", "f800", "f818", "5f6161ff", "7f4161ff",
                          "5f5f4100ffff", "bf6161ff", "a1ff00", "81ff", "61ff", "7f61c361bcff",
                          "9bffffffffffffffff00", "bbffffffffffffffff00", "5bffffffffffffffff00"}) {
    const std::string bytes = bytes_of(hex);
    EXPECT_EQ(cbor(bytes), Records{binary(bytes, "invalid_cbor")}) << hex;
  }
}

TEST(Cbor, MakesTextOfKeysThatAreNotStrings) {
  EXPECT_EQ(cbor(bytes_of("a6"
                          "2000"
                          "4200ff01"
                          "f502"
                          "f603"
                          "fb3ff800000000000004"
                          "82016161"
                          "05")),
            Records{json(R"({"-1":0,"AP8=":1,"true":2,"null":3,"1.5":4,"[1,\"a\"]":5})")});
}

TEST(Cbor, RefusesAContainerInAKeyThatIsInAKey) {
  const std::string bytes = bytes_of("a1a1810102f6");
  EXPECT_EQ(cbor(bytes), Records{binary(bytes, "too_deep")});
}

TEST(Cbor, ReadsBignumsThatWouldHaveFitted) {
  EXPECT_EQ(cbor(bytes_of("c24a00000000000000000005")), Records{json("5")});
  EXPECT_EQ(cbor(bytes_of("c348ffffffffffffffff")), Records{json("\"-18446744073709551616\"")});
  EXPECT_EQ(cbor(bytes_of("c240")), Records{json("0")});
  EXPECT_EQ(cbor(bytes_of("c25f4101420000ff")), Records{json("65536")});
  EXPECT_EQ(cbor(bytes_of("c2820102")), Records{json("[1,2]")});
  EXPECT_EQ(cbor(bytes_of("c25881") + std::string(129, '\1')).front().kind, BodyKind::Json);
  EXPECT_EQ(
      cbor(bytes_of("c25880") + std::string(128, '\xFF')).front().body,
      "\"1797693134862315907729305190789024733617976978942306572734300811577326758055009631327084"
      "773224075360211201138798713933576587897688144166224928474306394741243777678934248654852763"
      "022196012460941194530829520850057688381506823424628814739131105408272371633505106845862982"
      "39947245938479716304835356329624224137215\"");
}

TEST(Cbor, ReadsSixtyFourLevelsAndNoMore) {
  const std::string deep = std::string(64, '\x81') + '\0';
  EXPECT_EQ(cbor(deep), Records{json(std::string(64, '[') + '0' + std::string(64, ']'))});
  for (const char opening : {'\x81', '\x9F', '\xC1'}) {
    const std::string deeper = std::string(100'000, opening) + '\0';
    EXPECT_EQ(cbor(deeper), Records{binary(deeper, "too_deep")});
  }
}

TEST(Cbor, KeepsWhatWasCutOff) {
  const auto decoder = make_decoder(DecoderKind::Cbor);
  EXPECT_EQ(decode_all(*decoder, "\x01", 100), Records{text("\x01", "oversize")});
}

}  // namespace
}  // namespace sluice
