// What has become of the records of a flow.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

// Records by what has become of them: stored, delivered, … The words and the balances are in
// FORMAT.md.
using Ledger = std::map<std::string, std::uint64_t, std::less<>>;

using FlowLedgers = std::map<std::string, Ledger, std::less<>>;  // by the name of the flow

namespace ledger_words {

// Before they are lines, or instead of becoming lines.
inline constexpr std::array<std::string_view, 2> kReceived{"received", "made"};
inline constexpr std::array<std::string_view, 5> kUsed{"stored", "filtered", "aggregated",
                                                       "dropped_error", "dead_input"};
// As lines.
inline constexpr std::array<std::string_view, 2> kStored{"stored", "requeued"};
inline constexpr std::array<std::string_view, 7> kGone{
    "delivered",   "dead",           "dropped_full", "dropped_disk",
    "dropped_age", "dropped_purged", "damaged"};
// Of dead letters: counted as records before.
inline constexpr std::array<std::string_view, 2> kBesides{"dropped_dead", "retried_input"};

}  // namespace ledger_words

inline bool is_ledger_word(std::string_view word) {
  const auto among = [word](std::span<const std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
  };
  return among(ledger_words::kReceived) || among(ledger_words::kUsed) ||
         among(ledger_words::kStored) || among(ledger_words::kGone) ||
         among(ledger_words::kBesides);
}

struct Balance {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

inline Balance sums_of(const Ledger& ledger, std::span<const std::string_view> in,
                       std::span<const std::string_view> out) {
  const auto sum = [&ledger](std::span<const std::string_view> words) {
    std::uint64_t records = 0;
    for (const std::string_view word : words) {
      const auto found = ledger.find(word);
      records += found != ledger.end() ? found->second : 0;
    }
    return records;
  };
  return {sum(in), sum(out)};
}

// Of the lines: what has come in and is not out must be held.
inline Balance balance_of(const Ledger& ledger) {
  return sums_of(ledger, ledger_words::kStored, ledger_words::kGone);
}

// On the way to the lines: nothing is held in between, so both sums are the same.
inline Balance input_balance_of(const Ledger& ledger) {
  return sums_of(ledger, ledger_words::kReceived, ledger_words::kUsed);
}

// Records that should be held by the ledger and are not, or if there are none, that should have
// become lines and have not; negative: that are there and should not be. 0 as long as everything is
// right.
inline std::int64_t imbalance_of(const Ledger& ledger, std::uint64_t held) {
  const Balance lines = balance_of(ledger);
  const Balance input = input_balance_of(ledger);
  const std::uint64_t missing = lines.in - lines.out - held;
  return static_cast<std::int64_t>(missing != 0 ? missing : input.in - input.out);
}

}  // namespace sluice
