#include "buffers/stock.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace sluice {

namespace {

// Entries of the index that lead nowhere are found when they are used, but a row without an entry
// never would be.
Status check_index(StoreFile& file, const std::map<FlowId, StoredUsage>& counted) {
  const Result<std::map<FlowId, StoredUsage>> listed = file.held.listed();
  if (!listed) {
    return listed.error();
  }
  const bool right = std::ranges::equal(*listed, counted, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.usage.blocks == b.second.usage.blocks;
  });
  return right ? Status() : Error{Reaction::Fatal, "its index is damaged"};
}

Result<Stock> count(StoreFile& file) {
  Result<CountedBlocks> blocks = file.blocks.count();
  if (!blocks) {
    return blocks.error();
  }
  if (Status sound = check_index(file, blocks->flows); !sound) {
    return sound.error();
  }
  return Stock{.blocks = *std::move(blocks), .counted = true};
}

}  // namespace

Result<Stock> take_stock(StoreFile& file) {
  Result<std::optional<std::map<FlowId, StoredUsage>>> usage = file.held.usage();
  if (!usage) {
    return usage.error();
  }
  Result<std::set<SealMark>> seals = file.held.seals();
  if (!seals) {
    return seals.error();
  }
  const bool opens_all =
      std::ranges::all_of(*seals, [&](SealMark seal) { return file.cipher->can_open(seal); });
  if (!usage->has_value() || !opens_all) {
    return count(file);
  }
  return Stock{.blocks = {**std::move(usage), *std::move(seals)}};
}

}  // namespace sluice
