// JSON text of single values, read and written.
#pragma once

#include "transforms/arena.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

inline bool is_string(std::string_view json) {
  return json.starts_with('"');
}
inline bool is_null(std::string_view json) {
  return json == "null";
}

// Nothing if it is not a number.
std::optional<double> number_in(std::string_view json);

// What stands between the quotes of a string, with its escapes; of any other value its JSON text.
// Good for comparing and for keys, because equal values of one spelling give equal text.
std::string_view bare(std::string_view json);

// The characters of a string; nothing if it is not one. `scratch` holds them if they had escapes.
std::optional<std::string_view> text_in(std::string_view json, std::string& scratch);

// The name of a field as it stands between the quotes of JSON text.
std::string key_text(std::string_view name);
std::vector<std::string> key_texts(const std::vector<std::string>& names);

// As JSON text in the arena.
std::string_view put_number(double number, Arena& arena);
std::string_view put_text(std::string_view utf8, Arena& arena);

}  // namespace sluice
