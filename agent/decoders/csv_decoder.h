// Comma-separated values (RFC 4180).
#pragma once

#include "decoders/decoders.h"

#include <memory>

namespace sluice {

// Every line becomes a record, an object with the names of the columns. A value without quotes is a
// number or a boolean if it is written exactly as in JSON, and null if it is empty; a value with
// quotes is always text. Empty lines are nothing. With an error, and as the text of the line:
// a line with more or fewer values than columns, one with text behind a closing quote, and all that
// follows a quote that is never closed. A payload that holds nothing but the names of columns, or
// names one twice, is one record with an error.
std::unique_ptr<Decoder> make_csv_decoder(const CsvOptions& options);

}  // namespace sluice
