#include "uplink/sequence_ranges.h"

#include <algorithm>
#include <iterator>

namespace sluice {

std::map<std::uint64_t, std::uint64_t>::const_iterator SequenceRanges::before(
    std::uint64_t sequence) const {
  const auto after = ranges_.upper_bound(sequence);
  return after == ranges_.begin() ? ranges_.end() : std::prev(after);
}

void SequenceRanges::add(Sequence first, Sequence last) {
  std::uint64_t from = number(first);
  std::uint64_t to = number(last);
  if (const auto left = before(from); left != ranges_.end() && left->second + 1 >= from) {
    from = left->first;
    to = std::max(to, left->second);
  }
  auto right = ranges_.lower_bound(from);
  while (right != ranges_.end() && right->first <= to + 1) {
    to = std::max(to, right->second);
    right = ranges_.erase(right);
  }
  ranges_[from] = to;
  if (ranges_.size() > most_) {
    ranges_.erase(ranges_.begin());
  }
}

void SequenceRanges::remove(Sequence first, Sequence last) {
  const std::uint64_t from = number(first);
  const std::uint64_t to = number(last);
  auto range = ranges_.upper_bound(from);
  if (range != ranges_.begin()) {
    --range;
  }
  while (range != ranges_.end() && range->first <= to) {
    const auto [begin, end] = *range;
    if (end < from) {
      ++range;
      continue;
    }
    range = ranges_.erase(range);
    if (begin < from) {
      ranges_[begin] = from - 1;
    }
    if (end > to) {
      ranges_[to + 1] = end;
    }
  }
}

bool SequenceRanges::contains(Sequence first, Sequence last) const {
  const auto range = before(number(first));
  return range != ranges_.end() && range->second >= number(last);
}

bool SequenceRanges::overlaps(Sequence first, Sequence last) const {
  const auto range = before(number(last));
  return range != ranges_.end() && range->second >= number(first);
}

}  // namespace sluice
