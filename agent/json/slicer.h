// Cuts a JSON object into its members without making anything of them.
#pragma once

#include "core/record.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sluice {

// Accepts what RFC 8259 calls an object, with at most kDeepest levels of nesting and no integer of
// 2^64 or more, and nothing else: everything is looked at, not only what is cut out. The memory is
// bounded: large objects get a parser of their own. One thread at a time.
class JsonSlicer {
 public:
  static constexpr int kDeepest = 64;

  JsonSlicer();
  ~JsonSlicer();
  JsonSlicer(const JsonSlicer&) = delete;
  JsonSlicer& operator=(const JsonSlicer&) = delete;

  // False: it is not such an object. `object` has no space around it and is followed by
  // MessageBatch::kPadding readable bytes.
  bool slice(std::string_view object);

  // Of the last object: its members in order, also those that have a key twice. The values are
  // views of the object, and so are the keys unless they were written in an unusual way. Valid
  // until the next call.
  [[nodiscard]] std::span<const RecordField> fields() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sluice
