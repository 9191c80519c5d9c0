// What defines a flow on the field side.
#pragma once

#include "core/decoder.h"
#include "core/transform.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

enum class LineShape {
  Envelope,  // {"seq":…,"ts":…,"topic":…,"data":…}
  Flat,      // the payload's fields beside seq, ts and topic; colliding ones become payload_<name>
};

// What becomes of a record that could not be decoded or transformed.
enum class OnError {
  DeadLetter,  // its message is kept among the dead letters, with the reason
  Keep,        // it goes on as it came, with "_error"
  Drop,        // it is counted and gone
};

struct FlowOptions {
  std::string name;
  std::vector<std::size_t> sources;  // positions in the list of inlets
  std::vector<std::string> topics;   // MQTT filters; empty: everything its sources bring
  LineShape shape = LineShape::Envelope;
  OnError on_error = OnError::DeadLetter;
  std::shared_ptr<Decoder> decoder;  // used on the intake's thread only, as the transforms are
  std::shared_ptr<Transforms> transforms{};  // null: none
};

// Of the rows in the buffer that hold what decoder and transforms of a flow have learned. To be
// restored before the intake is made.
inline std::string decoder_state_key(const std::string& flow) {
  return "flow/" + flow + "/decoder";
}
inline std::string transforms_state_key(const std::string& flow) {
  return "flow/" + flow + "/transforms";
}

struct BlockOptions {
  std::size_t block_size = 256UL * 1024;            // raw bytes at which a block is sealed early
  std::chrono::milliseconds flush_interval{1'000};  // a record is sealed at most this late
  int compression_level = 1;                        // zstd
  std::size_t source_budget = 4UL * 1024 * 1024;    // unsettled bytes at which a source must pause
};

}  // namespace sluice
