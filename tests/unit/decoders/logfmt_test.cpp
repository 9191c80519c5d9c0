#include "tests/unit/decoders/decoding.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace sluice {
namespace {

using Records = std::vector<Decoded>;

Records logfmt(std::string_view payload) {
  const auto decoder = make_decoder(DecoderKind::Logfmt);
  return decode_all(*decoder, payload);
}

TEST(Logfmt, MakesARecordOfEveryLine) {
  EXPECT_EQ(logfmt("at=info method=GET status=200 ok=true\r\nlevel=warn\n\n"),
            (Records{json(R"({"at":"info","method":"GET","status":200,"ok":true})"),
                     json(R"({"level":"warn"})")}));
}

TEST(Logfmt, TakesQuotesWithTheirEscapes) {
  EXPECT_EQ(
      logfmt(R"(msg="say \"hi\" \n \u00e4" path="C:\dir" n="5" empty="" none=)"),
      Records{
          json(R"({"msg":"say \"hi\" \n \u00e4","path":"C:\\dir","n":"5","empty":"","none":""})")});
}

TEST(Logfmt, KeepsHalfASurrogateAsItIsWritten) {
  EXPECT_EQ(logfmt(R"(a="\ud800" b="\u12")"), Records{json(R"({"a":"\\ud800","b":"\\u12"})")});
}

TEST(Logfmt, TakesAKeyWithoutAValueAsTrue) {
  EXPECT_EQ(logfmt("debug a=1 last"), Records{json(R"({"debug":true,"a":1,"last":true})")});
}

TEST(Logfmt, KeepsEqualSignsInValues) {
  EXPECT_EQ(logfmt("q=a=b&c=d"), Records{json(R"({"q":"a=b&c=d"})")});
}

TEST(Logfmt, KeepsALineThatIsNone) {
  for (const std::string_view line :
       {"hello world", "=1", "a=\"open", "a=\"x\"y", "a\"b=1", "\"a\"=1", "a=1 =2"}) {
    EXPECT_EQ(logfmt(line), Records{text(std::string(line), "invalid_logfmt")});
  }
}

TEST(Logfmt, KeepsALineThatHasAKeyTwice) {
  EXPECT_EQ(logfmt("a=1 b=2 a=3\nc=4"),
            (Records{text("a=1 b=2 a=3", "duplicate_key"), json(R"({"c":4})")}));
}

TEST(Logfmt, KeepsWhatIsNotUtf8) {
  EXPECT_EQ(logfmt("a=\xFF"), Records{binary("a=\xFF", "invalid_utf8")});
}

}  // namespace
}  // namespace sluice
