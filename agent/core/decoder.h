// From bytes to records.
#pragma once

#include "core/message.h"
#include "core/record.h"
#include "core/stateful.h"

#include <vector>

namespace sluice {

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Appends what the message holds: any number of records, none included. No input is lost: what
  // does not follow the format becomes a record with `error` set and the original bytes as text or
  // binary. The payload must be followed by MessageBatch::kPadding readable bytes. The views in
  // `records` are valid until the next call. One thread at a time.
  virtual void decode(const Message& message, std::vector<Record>& records) = 0;

  // What it has learned from earlier messages; null if it treats every message by itself.
  virtual Stateful* state() { return nullptr; }
};

}  // namespace sluice
