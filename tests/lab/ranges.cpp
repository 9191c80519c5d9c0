#include "tests/lab/ranges.h"

#include <algorithm>
#include <iterator>

namespace sluice::lab {

bool Ranges::insert(std::uint64_t n) {
  if (contains(n)) {
    return false;
  }
  insert(n, n);
  return true;
}

void Ranges::insert(std::uint64_t first, std::uint64_t last) {
  auto next = spans_.upper_bound(first);
  if (next != spans_.begin()) {
    const auto before = std::prev(next);
    // Written without `+ 1`, which would overflow at the largest number.
    if (before->second >= first || first - before->second == 1) {
      next = before;
    }
  }
  while (next != spans_.end() && (next->first <= last || next->first - last == 1)) {
    first = std::min(first, next->first);
    last = std::max(last, next->second);
    size_ -= next->second - next->first + 1;
    next = spans_.erase(next);
  }
  spans_.emplace_hint(next, first, last);
  size_ += last - first + 1;
}

bool Ranges::contains(std::uint64_t n) const {
  const auto next = spans_.upper_bound(n);
  return next != spans_.begin() && std::prev(next)->second >= n;
}

std::uint64_t Ranges::highest() const {
  return spans_.rbegin()->second;
}

std::uint64_t Ranges::next_missing(std::uint64_t from) const {
  const auto next = spans_.upper_bound(from);
  return next == spans_.begin() ? from : std::max(from, std::prev(next)->second + 1);
}

std::uint64_t Ranges::gaps() const {
  return empty() ? 0 : highest() + 1 - size_;
}

Ranges difference(const Ranges& all, const Ranges& without) {
  Ranges left;
  for (const auto& [first, last] : all.spans()) {
    std::uint64_t at = first;
    bool finished = false;
    auto hole = without.spans().upper_bound(first);
    if (hole != without.spans().begin()) {
      --hole;
    }
    for (; !finished && hole != without.spans().end() && hole->first <= last; ++hole) {
      if (hole->first > at) {
        left.insert(at, hole->first - 1);
      }
      finished = hole->second >= last;
      at = std::max(at, finished ? last : hole->second + 1);
    }
    if (!finished) {
      left.insert(at, last);
    }
  }
  return left;
}

std::uint64_t total(const DeviceRanges& devices) {
  std::uint64_t sum = 0;
  for (const auto& [device, numbers] : devices) {
    sum += numbers.size();
  }
  return sum;
}

DeviceRanges difference(const DeviceRanges& all, const DeviceRanges& without) {
  DeviceRanges left;
  for (const auto& [device, numbers] : all) {
    const auto other = without.find(device);
    Ranges rest = other == without.end() ? numbers : difference(numbers, other->second);
    if (!rest.empty()) {
      left.emplace(device, std::move(rest));
    }
  }
  return left;
}

}  // namespace sluice::lab
