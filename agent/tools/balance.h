// Whether the ledger of a flow adds up. See buffers/FORMAT.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sluice {

struct Balance {
  std::uint64_t in = 0;
  std::uint64_t out = 0;  // the rest must be there
};

inline Balance balance_of(const std::map<std::string, std::uint64_t>& ledger) {
  Balance sums;
  for (const auto& [what, records] : ledger) {
    if (what == "stored" || what == "requeued") {
      sums.in += records;
    } else if (what != "dropped_dead") {  // has been counted as dead or delivered before
      sums.out += records;
    }
  }
  return sums;
}

}  // namespace sluice
