// Lines of key=value.
#pragma once

#include "core/decoder.h"

#include <memory>

namespace sluice {

// Every line becomes a record. A value without quotes is a number or a boolean if it is written
// exactly as in JSON; between quotes a backslash escapes as in JSON. A key without a value is true.
// With an error, and as the text of the line: a line without any key=value, one with a quote that
// is not closed, and one that has a key twice.
std::unique_ptr<Decoder> make_logfmt_decoder();

}  // namespace sluice
