// From lines to blocks.
#pragma once

#include "core/block.h"
#include "core/clock.h"
#include "core/ids.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Where a line ends in the text that holds it, and when its record happened.
struct LineMark {
  std::size_t end;
  Timestamp time;
};

// Puts the sequences in front of lines and compresses them into one zstd frame with content size
// and checksum. One encoder serves all flows, because its memory (a zstd context and two buffers as
// large as a block) is used only while a block is being sealed. One thread at a time.
class BlockEncoder {
 public:
  BlockEncoder(int compression_level, std::size_t block_size);
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;

  [[nodiscard]] std::size_t block_size() const { return block_size_; }

  // The lines of `text` that `marks` describes, at least one, get the sequences from `first` on.
  Block encode(FlowIndex flow, Sequence first, std::string_view text,
               std::span<const LineMark> marks);

  // Raw bytes of a block with these sequences whose lines have `text_size` bytes in total.
  static std::size_t raw_size(Sequence first, std::size_t count, std::size_t text_size);

  // Memory for lines, handed from the flow that has just sealed to the one that writes next.
  std::string take_spare();
  void keep_spare(std::string text);

 private:
  class Buffer;
  struct Context;

  std::size_t block_size_;
  std::unique_ptr<Context> context_;
  std::string spare_;
};

// The open block of one flow. One thread at a time.
class BlockBuilder {
 public:
  // `encoder` outlives the builder.
  BlockBuilder(FlowIndex flow, BlockEncoder& encoder) : flow_(flow), encoder_(encoder) {}

  [[nodiscard]] bool empty() const { return marks_.empty(); }
  [[nodiscard]] std::size_t count() const { return marks_.size(); }

  // Append exactly one line to this, as LineWriter makes it, then call end_line().
  std::string& text() {
    if (marks_.empty()) {
      text_ = encoder_.take_spare();
    }
    return text_;
  }
  void end_line(Timestamp time) { marks_.push_back({text_.size(), time}); }

  // True if there is enough for a block that begins with `first`.
  [[nodiscard]] bool full(Sequence first) const;

  // Seals as many of the lines as fit into a block, in order, at least one: a line that is larger
  // than a block makes one of its own. The rest stays open. Not to be called when empty.
  Block seal(Sequence first);
  // All of the lines, however many.
  Block seal_all(Sequence first);

 private:
  [[nodiscard]] std::size_t count_that_fits(Sequence first) const;
  void remove_front(std::size_t count);

  FlowIndex flow_;
  BlockEncoder& encoder_;
  std::string text_;
  std::vector<LineMark> marks_;
};

}  // namespace sluice
