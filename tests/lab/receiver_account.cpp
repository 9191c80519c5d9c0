#include "tests/lab/receiver_account.h"

#include <algorithm>
#include <utility>

namespace sluice::lab {

ReceiverAccount::ReceiverAccount(const Receiver& receiver, ReceiverReport before)
    : receiver_(receiver), before_(before.counts), report_(std::move(before)) {
}

const ReceiverReport& ReceiverAccount::update() {
  const ReceiverCounts now = receiver_.counts();
  for (const auto& [device, summary] : receiver_.devices()) {
    Ranges& numbers = report_.received[device];
    for (std::uint64_t n = numbers.next_missing(0); n <= summary.highest;
         n = numbers.next_missing(n + 1)) {
      if (receiver_.has(device, n)) {
        numbers.insert(n);
      }
    }
  }
  ReceiverCounts& counts = report_.counts;
  counts.requests = before_.requests + now.requests;
  counts.refused = before_.refused + now.refused;
  counts.records = before_.records + now.records;
  counts.bytes = before_.bytes + now.bytes;
  counts.malformed = before_.malformed + now.malformed;
  counts.out_of_order = before_.out_of_order + now.out_of_order;
  if (!now.last_problem.empty()) {
    counts.last_problem = now.last_problem;
  }
  counts.distinct = total(report_.received);
  // What this receiver takes for new may have come to one before it.
  const std::uint64_t numbered =
      before_.distinct + before_.duplicates + now.distinct + now.duplicates;
  counts.duplicates = numbered - std::min(numbered, counts.distinct);
  counts.gaps = 0;
  for (const auto& [device, numbers] : report_.received) {
    counts.gaps += numbers.gaps();
  }
  return report_;
}

}  // namespace sluice::lab
