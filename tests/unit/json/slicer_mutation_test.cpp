// Documents that are a little wrong: the slicer must take exactly what a full parser takes.
#include "core/message.h"
#include "json/slicer.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

class Slicing {
 public:
  bool slice(std::string_view text) {
    padded_ = text;
    padded_.append(MessageBatch::kPadding, '\0');
    return slicer_.slice(std::string_view(padded_).substr(0, text.size()));
  }
  [[nodiscard]] std::span<const RecordField> fields() const { return slicer_.fields(); }

  // What simdjson's other interface says, that looks at everything.
  bool is_object(std::string_view text) {
    const simdjson::padded_string copy(text);
    simdjson::dom::element document;
    return parser_.parse(copy).get(document) == simdjson::SUCCESS && document.is_object();
  }

 private:
  JsonSlicer slicer_;
  std::string padded_;
  simdjson::dom::parser parser_;
};

constexpr std::array<std::string_view, 5> kDocuments = {
    R"({"a":1,"b":-2.50,"c":"text","d":true,"e":false,"f":null,"g":{"h":[1,2,{"i":"j"}]},"k":[]})",
    R"( { "a b" : "\"\\\/\b\f\n\r\té😀" , "\u0061" : [ ] , "c" : { } , "d" : [ [ [ 0 ] ] ] } )",
    R"({"n":[0,-0,10,0.5,1e5,1E+5,1.5e-300,1e308,9223372036854775807,18446744073709551615,-1]})",
    R"({"n":9223372036854775808,"m":123456789012345678901.5,"o":0.00000000000000000000001})",
    R"({"t":true,"x":{"y":{"z":"q"}, "w" : null } ,"u":[true , false,null ,"s" , 1 ]})"};

TEST(SlicerMutations, AreTakenExactlyIfAFullParserTakesThem) {
  static constexpr std::string_view kBytes =
      "{}[]:,\"\\ \t\n\r0123456789.eE+-tfnrulasx/\x01\x1f\x7f\x80\xc3\xff";
  Slicing slicing;
  std::mt19937 random(7);
  std::size_t taken = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text(kDocuments.at(random() % kDocuments.size()));
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = kBytes[random() % kBytes.size()];
          break;
        case 1:
          text.erase(at, 1);
          break;
        default:
          text.insert(at, 1, kBytes[random() % kBytes.size()]);
      }
    }
    // The slicer is given an object: what stands around it is not its business.
    const std::size_t first = text.find('{');
    const std::size_t last = text.rfind('}');
    if (first == std::string::npos || last == std::string::npos || last < first) continue;
    text = text.substr(first, last + 1 - first);
    const bool valid = slicing.is_object(text);
    taken += valid ? 1U : 0U;
    ASSERT_EQ(slicing.slice(text), valid) << text;
  }
  EXPECT_GT(taken, 5'000U) << "both kinds are there";
}

TEST(SlicerMutations, EveryBeginningIsRefused) {
  Slicing slicing;
  for (const std::string_view document : kDocuments) {
    const std::string_view whole = document.substr(document.find('{'));
    for (std::size_t size = 1; size < whole.rfind('}'); ++size) {
      ASSERT_FALSE(slicing.slice(whole.substr(0, size))) << whole.substr(0, size);
    }
  }
}

TEST(SlicerMutations, MembersAreCutWhereTheyEnd) {
  Slicing slicing;
  ASSERT_TRUE(slicing.slice(R"({ "a" : 1 , "b":[ 1 , {} ] ,"c" : { "d" : "}" } , "e" : "x" ,)"
                            R"("f":{},"g":[ ] , "h" : true })"));
  std::vector<std::string> values;
  for (const RecordField& field : slicing.fields()) {
    values.emplace_back(field.value);
  }
  EXPECT_EQ(values, (std::vector<std::string>{"1", "[ 1 , {} ]", R"({ "d" : "}" })", R"("x")", "{}",
                                              "[ ]", "true"}));
}

}  // namespace
}  // namespace sluice
