#define XXH_INLINE_ALL
#include "decoders/name_set.h"

#include <xxhash.h>

#include <random>
#include <utility>

namespace sluice {
namespace {

constexpr std::size_t kSmallest = 64;
constexpr std::size_t kLargestKept = 4096;

}  // namespace

NameSet::NameSet() : seed_(std::random_device{}()), slots_(kSmallest) {
}

void NameSet::clear() {
  used_ = 0;
  ++round_;
  if (round_ == 0 || slots_.size() > kLargestKept) {
    slots_.assign(kSmallest, {});
    slots_.shrink_to_fit();
    round_ = 1;
  }
}

bool NameSet::insert(std::string_view name) {
  if (2 * (used_ + 1) > slots_.size()) {
    grow();
  }
  return put(name,
             static_cast<std::uint32_t>(XXH3_64bits_withSeed(name.data(), name.size(), seed_)));
}

bool NameSet::put(std::string_view name, std::uint32_t hash) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.round != round_) {
      slot = {round_, hash, name};
      ++used_;
      return true;
    }
    if (slot.hash == hash && slot.name == name) {
      return false;
    }
  }
}

void NameSet::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  std::swap(old, slots_);
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.round == round_) {
      put(slot.name, slot.hash);
    }
  }
}

}  // namespace sluice
