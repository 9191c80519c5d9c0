// From the text of one scalar to the value of a field.
#pragma once

#include "config/field.h"
#include "core/result.h"

#include <string>

namespace sluice::configuration {

// `text` is what the file says after ${…} has been replaced. Rejects with the second half of a
// sentence that begins with the value. Never repeats the value, which may be secret.
Result<FieldValue> convert(const Field& field, const std::string& text);

// What every text must be to be used in headers, packets, logs and paths.
Status check_text(const std::string& text);

std::string joined(const std::vector<std::string>& words);

}  // namespace sluice::configuration
