// Text without quotes, as it stands in CSV and logfmt, as a JSON value.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Whether JSON would read the text as a number, and every parser could hold it.
bool is_json_number(std::string_view text);

// A number or true or false, if it is written exactly as JSON has it; otherwise a string: 007, +1
// and TRUE keep what they are. `text` is valid UTF-8.
void append_plain_value(std::string_view text, std::string& out);

// With quotes around it.
void append_string(std::string_view utf8, std::string& out);

}  // namespace sluice
