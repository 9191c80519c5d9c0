// What a message is after decoding.
#pragma once

#include "core/clock.h"

#include <span>
#include <string_view>

namespace sluice {

// How the bytes of a record are to be read.
enum class BodyKind {
  Json,    // one valid JSON value on one line, ready to be copied
  Text,    // valid UTF-8, not JSON
  Binary,  // anything else
};

// A member of a JSON object, as JSON text.
struct RecordField {
  std::string_view key;    // what stands between its quotes; escapes only where JSON needs them
  std::string_view value;  // one value without space around it
};

// A view: valid until the decoder is called again or the message is gone.
struct Record {
  std::string_view topic;
  Timestamp time;  // when it happened; the time of arrival if the data does not say
  BodyKind kind = BodyKind::Binary;
  std::string_view body;
  std::string_view error;  // why it is not what the flow asked for; empty if all is well
  std::string_view failed_step = "decode";  // of the error
  // The members of the object that `body` is, in order, if whoever made the record has them at
  // hand.
  std::span<const RecordField> fields{};
};

}  // namespace sluice
