// From the text of one scalar to the value of a field.
#pragma once

#include "config/field.h"
#include "core/join.h"
#include "core/result.h"

#include <string>
#include <vector>

namespace sluice::configuration {

// `text` is what the file says after ${…} has been replaced. Rejects with the second half of a
// sentence that begins with the value. Never repeats the value, which may be secret.
Result<FieldValue> convert(const Field& field, const std::string& text);

// The items of a TextList as one value: a list of texts or, if the field has `words`, of URLs.
FieldValue list_value(const Field& field, const std::vector<FieldValue>& items);
// Is equal for items that say the same. Not for people: a URL's password is left out, but a text
// may hold what ${…} was replaced by.
std::string item_text(const FieldValue& item);

// What every text must be to be used in headers, packets, logs and paths.
Status check_text(const std::string& text);

}  // namespace sluice::configuration
