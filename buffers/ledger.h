// What has become of the records of a flow since they were in the file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace sluice {

// Records by what has become of them: stored, delivered, … The words and the balance are in
// FORMAT.md.
using Ledger = std::map<std::string, std::uint64_t, std::less<>>;

using FlowLedgers = std::map<std::string, Ledger, std::less<>>;  // by the name of the flow

struct Balance {
  std::uint64_t in = 0;
  std::uint64_t out = 0;  // the rest must be there
};

inline Balance balance_of(const Ledger& ledger) {
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

// Records that the ledger counts as held and that are not; negative: that are and should not. 0 as
// long as everything is right.
inline std::int64_t imbalance_of(const Ledger& ledger, std::uint64_t held) {
  const Balance sums = balance_of(ledger);
  return static_cast<std::int64_t>(sums.in - sums.out - held);
}

}  // namespace sluice
