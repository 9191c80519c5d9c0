// A message as it came, for everything that cannot be decoded.
#pragma once

#include "core/message.h"
#include "core/record.h"

#include <string_view>
#include <vector>

namespace sluice {

bool is_valid_utf8(std::string_view text);

// With topic and time of the message; text if it is UTF-8.
Record original(const Message& message, std::string_view bytes, std::string_view error);

// The same for formats that are no text: binary, even where the bytes happen to be UTF-8.
Record original_bytes(const Message& message, std::string_view bytes, std::string_view error);

// True if the message had been cut off: then it has become a record. The beginning of a value is
// never taken for the value, even if it happens to be valid.
bool add_if_cut(const Message& message, std::vector<Record>& records);

}  // namespace sluice
