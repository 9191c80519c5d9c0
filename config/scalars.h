// The small languages inside scalar values: durations, sizes, numbers, yes or no.
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::configuration {

// All of them reject with what is wrong and what to write instead, as the second half of a sentence
// that begins with the value ("has no unit: …"). They never repeat the value, which may be secret.

Result<std::int64_t> parse_integer(std::string_view text);
Result<bool> parse_boolean(std::string_view text);

// A whole number and one of ms, s, m, h, d.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// Bytes: a whole number and one of B, KiB, MiB, GiB, TiB (powers of 1024) or kB, KB, MB, GB, TB
// (powers of 1000).
Result<std::int64_t> parse_size(std::string_view text);

// The shortest way to write the value that is exact.
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::int64_t bytes);

}  // namespace sluice::configuration
