#include "buffers/confirmed.h"

#include <algorithm>
#include <cstddef>

namespace sluice {

bool Confirmed::add(Sequence after, Sequence last) {
  if (last <= after || covers(advance(after, 1), last)) {
    return false;
  }
  // Those that overlap or touch it become one with it.
  const auto begin = std::ranges::partition_point(
      ranges_, [after](const SequenceRange& each) { return each.last < after; });
  const auto end = std::ranges::partition_point(
      ranges_, [last](const SequenceRange& each) { return each.after <= last; });
  SequenceRange joined{after, last};
  if (begin != end) {
    joined = {std::min(after, begin->after), std::max(last, (end - 1)->last)};
  }
  ranges_.insert(ranges_.erase(begin, end), joined);
  return true;
}

bool Confirmed::remove(Sequence after, Sequence last) {
  if (last <= after || !touches(advance(after, 1), last)) {
    return false;
  }
  std::vector<SequenceRange> rest;
  for (const SequenceRange& each : ranges_) {
    const SequenceRange below{each.after, std::min(each.last, after)};
    const SequenceRange above{std::max(each.after, last), each.last};
    for (const SequenceRange& part : {below, above}) {
      if (part.after < part.last) {
        rest.push_back(part);
      }
    }
  }
  ranges_ = std::move(rest);
  return true;
}

Sequence Confirmed::cursor() const {
  return !ranges_.empty() && ranges_.front().after == Sequence(0) ? ranges_.front().last
                                                                  : Sequence(0);
}

Sequence Confirmed::highest() const {
  return ranges_.empty() ? Sequence(0) : ranges_.back().last;
}

bool Confirmed::covers(Sequence first, Sequence last) const {
  return last >= first && end_of_range(first) >= last;
}

bool Confirmed::touches(Sequence first, Sequence last) const {
  const auto found = std::ranges::partition_point(
      ranges_, [first](const SequenceRange& each) { return each.last < first; });
  return found != ranges_.end() && found->after < last;
}

Sequence Confirmed::end_of_range(Sequence sequence) const {
  const auto found = std::ranges::partition_point(
      ranges_, [sequence](const SequenceRange& each) { return each.last < sequence; });
  return found != ranges_.end() && found->after < sequence ? found->last : Sequence(0);
}

void CutBlocks::add(SequenceRange whole) {
  const bool part = std::ranges::any_of(wholes_, [&whole](const SequenceRange& each) {
    return each.after <= whole.after && whole.last <= each.last;
  });
  if (!part) {
    wholes_.push_back(whole);
  }
}

void CutBlocks::forget(Sequence until) {
  std::erase_if(wholes_, [until](const SequenceRange& each) { return each.last <= until; });
}

SequenceRange CutBlocks::trim(SequenceRange confirmed) const {
  const auto begins_in = std::ranges::find_if(wholes_, [&confirmed](const SequenceRange& each) {
    return each.after < confirmed.after && confirmed.after < each.last;
  });
  if (begins_in != wholes_.end() && begins_in->last < confirmed.last) {
    confirmed.after = begins_in->last;
  }
  return confirmed;
}

Confirmed intersection(const Confirmed& one, const Confirmed& other) {
  Confirmed both;
  auto left = one.ranges().begin();
  auto right = other.ranges().begin();
  while (left != one.ranges().end() && right != other.ranges().end()) {
    both.add(std::max(left->after, right->after), std::min(left->last, right->last));
    if (left->last < right->last) {
      ++left;
    } else {
      ++right;
    }
  }
  return both;
}

Confirmed intersection(const std::vector<Confirmed>& all) {
  if (all.empty()) {
    return {};
  }
  Confirmed common = all.front();
  for (const Confirmed& each : all) {
    common = intersection(common, each);
  }
  return common;
}

}  // namespace sluice
