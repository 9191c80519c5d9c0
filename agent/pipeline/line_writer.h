// From a record to the line that is stored and sent.
#pragma once

#include "core/record.h"
#include "pipeline/flow_options.h"
#include "pipeline/reserved_keys.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// A line is one JSON object and a line break. It begins with {"seq":<number>, which is known only
// when the block is sealed; the writer makes everything behind it.
//
// Envelope:  ,"ts":<ms>,"topic":"…","data":<JSON as it came>}    or "text":"…"  or "base64":"…"
// Flat:      ,"ts":<ms>,"topic":"…",<fields of the payload>}     or "value":<JSON, not an object>,
//                                                                 or text and base64 as above
// A record with an error has as its last field "_error":{"step":"…","reason":"…"}.
//
// One thread at a time.
class LineWriter {
 public:
  explicit LineWriter(LineShape shape) : shape_(shape) {}

  // Appends the line to `out`. `topic_json` is the record's topic as TopicRoute has it; `full_size`
  // is the message's.
  void append(const Record& record, std::string_view topic_json, std::uint64_t full_size,
              std::string& out);

 private:
  void append_body(const Record& record, std::string& out);
  void append_fields(const Record& record, std::string& out);

  LineShape shape_;
  ReservedKeys reserved_keys_;
};

}  // namespace sluice
