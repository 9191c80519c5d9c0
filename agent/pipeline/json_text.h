// Bytes as the contents of a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Appends valid UTF-8 with everything escaped that JSON does not allow within a string.
void append_escaped(std::string_view utf8, std::string& out);

void append_base64(std::string_view bytes, std::string& out);

// `text` with quotes around it. A byte that is not ASCII becomes U+FFFD if `text` is not UTF-8.
std::string quoted(std::string_view text);

}  // namespace sluice
