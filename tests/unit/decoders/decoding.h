// What a decoder makes of messages, as values that can be compared.
#pragma once

#include "decoders/decoders.h"

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

struct Decoded {
  BodyKind kind;
  std::string body;
  std::string error;

  bool operator==(const Decoded&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Decoded& decoded) {
  return out << "kind " << static_cast<int>(decoded.kind) << " body '" << decoded.body
             << "' error '" << decoded.error << "'";
}

inline Decoded json(std::string body, std::string error = "") {
  return {BodyKind::Json, std::move(body), std::move(error)};
}
inline Decoded text(std::string body, std::string error = "") {
  return {BodyKind::Text, std::move(body), std::move(error)};
}
inline Decoded binary(std::string body, std::string error = "") {
  return {BodyKind::Binary, std::move(body), std::move(error)};
}

// What follows in the batch would turn many a fragment into JSON if it were read.
inline std::vector<Decoded> decode_all(Decoder& decoder, std::string_view payload,
                                       std::uint64_t full_size = 0, std::string_view topic = "t") {
  MessageBatch batch;
  batch.add({.topic = topic, .payload = payload, .received = {}, .full_size = full_size});
  batch.add({.topic = "e\"]}0 ", .payload = "\"]}", .received = {}});
  std::vector<Record> records;
  decoder.decode(batch[0], records);
  std::vector<Decoded> decoded;
  for (const Record& record : records) {
    decoded.push_back({record.kind, std::string(record.body), std::string(record.error)});
  }
  return decoded;
}

}  // namespace sluice
