// What is JSON and what is not, case by case, in the manner of JSONTestSuite: the names begin with
// y (must be taken), n (must not), and i (either is allowed; this is what we do).
#include "tests/unit/decoders/decoding.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): "a\0b"s

struct Case {
  const char* name;
  std::string payload;
};

bool is_taken(const std::string& payload) {
  const auto decoder = make_decoder(DecoderKind::Json);
  const std::vector<Decoded> decoded = decode_all(*decoder, payload);
  EXPECT_EQ(decoded.size(), 1U);
  EXPECT_EQ(decoded.at(0).kind == BodyKind::Json, decoded.at(0).error.empty());
  return decoded.at(0).kind == BodyKind::Json;
}

const std::vector<Case>& taken() {
  static const std::vector<Case> cases = {
      {"y_array_arrays_with_spaces", "[[]   ]"},
      {"y_array_empty_string", "[\"\"]"},
      {"y_array_false", "[false]"},
      {"y_array_heterogeneous", "[null, 1, \"1\", {}]"},
      {"y_array_with_newline", "[1\n]"},
      {"y_array_with_leading_space", " [1]"},
      {"y_array_with_trailing_space", "[2] "},
      {"y_number", "[123e65]"},
      {"y_number_0e+1", "[0e+1]"},
      {"y_number_0e1", "[0e1]"},
      {"y_number_after_space", "[ 4]"},
      {"y_number_close_to_zero",
       "[-0.000000000000000000000000000000000000000000000000000000000001]"},
      {"y_number_int_with_exp", "[20e1]"},
      {"y_number_minus_zero", "[-0]"},
      {"y_number_negative_int", "[-123]"},
      {"y_number_real_capital_e", "[1E22]"},
      {"y_number_real_capital_e_neg_exp", "[1E-2]"},
      {"y_number_real_exponent", "[123e45]"},
      {"y_number_real_fraction_exponent", "[123.456e78]"},
      {"y_number_simple_real", "[123.456789]"},
      {"y_object_basic", R"({"asd":"sdf"})"},
      {"y_object_duplicated_key", R"({"a":"b","a":"c"})"},
      {"y_object_empty_key", R"({"":0})"},
      {"y_object_escaped_null_in_key", R"({"foo\u0000bar": 42})"},
      {"y_object_extreme_numbers", R"({ "min": -1.0e+28, "max": 1.0e+28 })"},
      {"y_object_with_newlines", "{\n\"a\": \"b\"\n}"},
      {"y_string_allowed_escapes", R"(["\"\\\/\b\f\n\r\t"])"},
      {"y_string_surrogate_pair", R"(["\uD801\udc37"])"},
      {"y_string_backslash_doublequotes", R"(["\""])"},
      {"y_string_comments", R"(["a/*b*/c/*d//e"])"},
      {"y_string_escaped_noncharacter", R"(["\uFFFF"])"},
      {"y_string_in_array_with_leading_space", R"([ "asd"])"},
      {"y_string_last_surrogates", R"(["\uDBFF\uDFFF"])"},
      {"y_string_null_escape", R"(["\u0000"])"},
      {"y_string_one_byte_utf8", R"(["\u002c"])"},
      {"y_string_pi", "[\"\xCF\x80\"]"},
      {"y_string_del", "[\"\x7f\"]"},
      {"y_string_u+2028", "[\"\xE2\x80\xA8\"]"},
      {"y_string_utf8_4_bytes", "[\"\xF0\x9B\xBF\xBF\"]"},
      {"y_string_noncharacter", "[\"\xF4\x8F\xBF\xBF\"]"},
      {"y_structure_lonely_false", "false"},
      {"y_structure_lonely_int", "42"},
      {"y_structure_lonely_negative_real", "-0.1"},
      {"y_structure_lonely_null", "null"},
      {"y_structure_lonely_string", "\"asd\""},
      {"y_structure_string_empty", "\"\""},
      {"y_structure_trailing_newline", "[\"a\"]\n"},
      {"y_structure_whitespace_array", " [] "},
      {"i_number_huge_exp_negative", "[123.456e-789]"},
      {"i_structure_utf8_bom_empty_object", "\xEF\xBB\xBF{}"},
  };
  return cases;
}

const std::vector<Case>& refused() {
  static const std::vector<Case> cases = {
      {"n_array_1_true_without_comma", "[1 true]"},
      {"n_array_a_invalid_utf8", "[a\xE5]"},
      {"n_array_colon_instead_of_comma", R"(["": 1])"},
      {"n_array_comma_after_close", R"([""],)"},
      {"n_array_comma_and_number", "[,1]"},
      {"n_array_double_comma", "[1,,2]"},
      {"n_array_extra_close", R"(["x"]])"},
      {"n_array_extra_comma", R"(["",])"},
      {"n_array_incomplete", R"(["x")"},
      {"n_array_inner_array_no_comma", "[3[4]]"},
      {"n_array_just_comma", "[,]"},
      {"n_array_just_minus", "[-]"},
      {"n_array_newlines_unclosed", "[\"a\",\n4\n,1,"},
      {"n_array_spaces_vertical_tab_formfeed", "[\"\va\"\\f]"},
      {"n_array_star_inside", "[*]"},
      {"n_array_unclosed_with_object", "[{}"},
      {"n_incomplete_false", "[fals]"},
      {"n_incomplete_null", "[nul]"},
      {"n_incomplete_true", "[tru]"},
      {"n_multidigit_number_then_00", "123\0"s},
      {"n_number_++", "[++1234]"},
      {"n_number_+1", "[+1]"},
      {"n_number_-01", "[-01]"},
      {"n_number_-1.0.", "[-1.0.]"},
      {"n_number_-2.", "[-2.]"},
      {"n_number_-NaN", "[-NaN]"},
      {"n_number_.-1", "[.-1]"},
      {"n_number_.2e-3", "[.2e-3]"},
      {"n_number_0.1.2", "[0.1.2]"},
      {"n_number_0.3e+", "[0.3e+]"},
      {"n_number_0.e1", "[0.e1]"},
      {"n_number_0e", "[0e]"},
      {"n_number_1_000", "[1 000.0]"},
      {"n_number_1.0e-", "[1.0e-]"},
      {"n_number_1eE2", "[1eE2]"},
      {"n_number_2.e3", "[2.e3]"},
      {"n_number_9.e+", "[9.e+]"},
      {"n_number_Inf", "[Inf]"},
      {"n_number_NaN", "[NaN]"},
      {"n_number_U+FF11_fullwidth_digit_one", "[\xEF\xBC\x91]"},
      {"n_number_expression", "[1+2]"},
      {"n_number_hex", "[0x42]"},
      {"n_number_infinity", "[Infinity]"},
      {"n_number_leading_zero", "[012]"},
      {"n_number_minus_space_1", "[- 1]"},
      {"n_number_real_without_fractional_part", "[1.]"},
      {"n_number_with_alpha", "[1.2a-3]"},
      {"n_object_bad_value", R"(["x", truth])"},
      {"n_object_bracket_key", "{[: \"x\"}"},
      {"n_object_comma_instead_of_colon", R"({"x", null})"},
      {"n_object_double_colon", R"({"x"::"b"})"},
      {"n_object_garbage_at_end", R"({"a":"a" 123})"},
      {"n_object_key_with_single_quotes", "{key: 'value'}"},
      {"n_object_missing_colon", R"({"a" b})"},
      {"n_object_missing_value", R"({"a":)"},
      {"n_object_no_colon", R"({"a")"},
      {"n_object_non_string_key", "{1:1}"},
      {"n_object_repeated_null", "{null:null,null:null}"},
      {"n_object_trailing_comma", R"({"id":0,})"},
      {"n_object_trailing_comment", R"({"a":"b"}/**/)"},
      {"n_object_two_commas_in_a_row", R"({"a":"b",,"c":"d"})"},
      {"n_object_unquoted_key", R"({a: "b"})"},
      {"n_object_with_trailing_garbage", R"({"a": true} "x")"},
      {"n_single_space", " "},
      {"n_string_1_surrogate_then_escape", R"(["\uD800\"])"},
      {"n_string_accentuated_char_no_quotes", "[\xC3\xA9]"},
      {"n_string_backslash_00", "[\"\\\0\"]"s},
      {"n_string_escape_x", R"(["\x00"])"},
      {"n_string_escaped_emoji", "[\"\\\xF0\x9F\x8C\x80\"]"},
      {"n_string_incomplete_escape", R"(["\"])"},
      {"n_string_incomplete_escaped_character", R"(["\u00A"])"},
      {"n_string_invalid_backslash_esc", R"(["\a"])"},
      {"n_string_leading_uescaped_thinspace", R"([\u0020"asd"])"},
      {"n_string_no_quotes_with_bad_escape", R"([\n])"},
      {"n_string_single_quote", "['single quote']"},
      {"n_string_start_escape_unclosed", "[\"\\"},
      {"n_string_unescaped_ctrl_char", "[\"a\0a\"]"s},
      {"n_string_unescaped_newline", "[\"new\nline\"]"},
      {"n_string_unescaped_tab", "[\"\t\"]"},
      {"n_string_with_trailing_garbage", R"(""x)"},
      {"n_structure_angle_bracket", "<.>"},
      {"n_structure_array_with_extra_array_close", "[1]]"},
      {"n_structure_capitalized_true", "[True]"},
      {"n_structure_close_unopened_array", "1]"},
      {"n_structure_double_array", "[][]"},
      {"n_structure_lone_invalid_utf8", "\xE5"},
      {"n_structure_no_data", ""},
      {"n_structure_null_byte_outside_string", "[\0]"s},
      {"n_structure_number_with_trailing_garbage", "2@"},
      {"n_structure_object_followed_by_closing_object", "{}}"},
      {"n_structure_open_array_apostrophe", "['"},
      {"n_structure_trailing_#", R"({"a":"b"}#{})"},
      {"n_structure_unicode_identifier", "\xC3\xA5"},
      {"n_structure_uescaped_lf_before_string", R"([\u000A""])"},
      {"n_structure_whitespace_formfeed", "[\f]"},
      {"n_structure_whitespace_u+2060_word_joiner", "[\xE2\x81\xA0]"},
      {"i_number_huge_exp",
       "[0.4e00669999999999999999999999999999999999999999999999999999999999999]"},
      {"i_number_too_big_int", "[18446744073709551616]"},
      {"i_number_very_big_negative_int", "[-237462374673276894279832749832423479823246327846]"},
      {"i_string_1st_surrogate_but_2nd_missing", R"(["\uDADA"])"},
      {"i_string_inverted_surrogates", R"(["\uDd1e\uD834"])"},
      {"i_string_invalid_utf8", "[\"\xFF\"]"},
      {"i_string_overlong_sequence_2_bytes", "[\"\xC0\xAF\"]"},
      {"i_string_utf8_surrogate", "[\"\xED\xA0\x80\"]"},
      {"i_string_truncated_utf8", "[\"\xE0\xFF\"]"},
      {"i_structure_500_nested_arrays", std::string(500, '[') + std::string(500, ']')},
      {"n_structure_100000_opening_arrays", std::string(100'000, '[')},
  };
  return cases;
}

TEST(JsonAcceptance, TakesWhatIsJson) {
  for (const Case& each : taken()) {
    EXPECT_TRUE(is_taken(each.payload)) << each.name;
  }
}

TEST(JsonAcceptance, RefusesWhatIsNot) {
  for (const Case& each : refused()) {
    EXPECT_FALSE(is_taken(each.payload)) << each.name;
  }
}

}  // namespace
}  // namespace sluice
