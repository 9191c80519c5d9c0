// What a sink has of one flow: a set of ranges of sequences.
#pragma once

#include "core/block.h"
#include "core/ids.h"

#include <vector>

namespace sluice {

// All sequences after `after` up to and including `last`.
struct SequenceRange {
  Sequence after{};
  Sequence last{};

  friend bool operator==(const SequenceRange&, const SequenceRange&) = default;
};

// Small: usually one range, and one more for each run of fresh blocks that went ahead of a backlog.
// One thread.
class Confirmed {
 public:
  Confirmed() = default;
  explicit Confirmed(Sequence cursor) { add(Sequence(0), cursor); }

  // Both are without effect if `last` is not behind `after`. False: nothing is different now.
  bool add(Sequence after, Sequence last);
  bool remove(Sequence after, Sequence last);

  // Everything up to here is in the set.
  [[nodiscard]] Sequence cursor() const;
  [[nodiscard]] Sequence highest() const;  // 0 if the set is empty
  // Ascending; they neither overlap nor touch. The first begins after 0 if there is a cursor.
  [[nodiscard]] const std::vector<SequenceRange>& ranges() const { return ranges_; }

  [[nodiscard]] bool covers(Sequence first, Sequence last) const;   // all of it
  [[nodiscard]] bool touches(Sequence first, Sequence last) const;  // any of it
  [[nodiscard]] bool covers(const Block& block) const { return covers(block.first, block.last()); }
  // Last sequence of the range that holds `sequence`; 0 if none does.
  [[nodiscard]] Sequence end_of_range(Sequence sequence) const;

  friend bool operator==(const Confirmed&, const Confirmed&) = default;

 private:
  std::vector<SequenceRange> ranges_;
};

// Blocks that were cut in this run. A sink may ask for what comes after a sequence within a block,
// and is handed out the next one; when it confirms that, after the block was cut, the range seems
// to cover the second half, which nobody has sent. One thread.
class CutBlocks {
 public:
  void add(SequenceRange whole);
  void forget(Sequence until);
  // The range without the rest of the block that it begins in.
  [[nodiscard]] SequenceRange trim(SequenceRange confirmed) const;

 private:
  std::vector<SequenceRange> wholes_;  // neither overlap
};

// What is in both.
Confirmed intersection(const Confirmed& one, const Confirmed& other);
// What is in all of them; nothing if there is none.
Confirmed intersection(const std::vector<Confirmed>& all);

}  // namespace sluice
