// The stream of an export: blocks as they are stored, each followed by a note about it.
//
// Every block is one zstd frame of NDJSON. The note is a skippable frame (RFC 8878 §3.1.2), which
// every zstd decoder passes over, with a JSON object: what the block is, so that a file that was
// cut off can be continued behind the last note.
#pragma once

#include "core/block.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct FrameNote {
  std::uint64_t epoch = 0;
  std::string flow;
  Sequence first{};
  Sequence last{};
  std::uint64_t records = 0;
  bool damaged = false;  // the frame is missing: it did not match its checksum
};

// The frame of the block and its note.
Result<std::string> framed(const Block& block, const FrameNote& note);
std::string noted(const FrameNote& note);

// Cuts a stream into frames, however it arrives. One thread at a time.
class FrameSplitter {
 public:
  struct Frame {
    std::string bytes;  // empty for a damaged block
    FrameNote note;
  };

  void feed(std::string_view bytes);

  // The next block with its note; nothing if more bytes are needed. Reject: this is not an export.
  Result<std::optional<Frame>> next();

  // Bytes of all blocks that have been handed out, with their notes.
  [[nodiscard]] std::uint64_t complete_bytes() const { return complete_; }
  [[nodiscard]] bool empty() const { return waiting_.size() == used_ && block_.empty(); }

 private:
  Result<std::optional<Frame>> note_in(std::string_view rest);
  Result<bool> take_block(std::string_view rest);

  std::string waiting_;
  std::size_t used_ = 0;
  std::string block_;  // a frame that waits for its note
  std::uint64_t complete_ = 0;
};

// What comes behind `seen` of a block, as plain lines; `note` becomes a note about that. Reject:
// the block cannot be read, or its lines do not tell their sequences.
Result<Block> cut(const Block& block, Sequence seen, FrameNote& note);

// The lines of a block, plain.
Result<std::string> lines_of(const Block& block);

// Reject: not one whole frame, or more than any block holds.
Result<std::string> decompressed(std::string_view frame);

// The sequence of the record in line `index` of a block. Blocks that were put together from several
// have gaps, and their lines say it themselves.
std::optional<Sequence> sequence_in(std::string_view line, const FrameNote& note,
                                    std::uint64_t index);

}  // namespace sluice
