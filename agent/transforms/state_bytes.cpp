#include "transforms/state_bytes.h"

// XXH_INLINE_ALL gets the best code without linking the library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstddef>

namespace sluice {
namespace {

constexpr std::size_t kChecksumBytes = 8;

void append_fixed(std::uint64_t value, std::string& out) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>((value >> shift) & 0xFFU);
  }
}

std::uint64_t checksum(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace

void StateWriter::number(std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) {
    bytes_ += static_cast<char>(value | 0x80U);
  }
  bytes_ += static_cast<char>(value);
}

void StateWriter::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  number(value < 0 ? ~(bits << 1U) : bits << 1U);
}

void StateWriter::real(double value) {
  append_fixed(std::bit_cast<std::uint64_t>(value), bytes_);
}

void StateWriter::text(std::string_view value) {
  number(value.size());
  bytes_ += value;
}

std::string StateWriter::finish() {
  append_fixed(checksum(bytes_), bytes_);
  return std::move(bytes_);
}

Result<StateReader> StateReader::open(std::string_view saved, std::string_view kind) {
  const std::string head = std::string(kind) + '\n';
  if (!saved.starts_with(head)) {
    return Error{Reaction::Reject, "it is not a state of the kind " + std::string(kind)};
  }
  const std::size_t size = saved.size() - head.size();
  std::string sum;
  if (size >= kChecksumBytes) {
    append_fixed(checksum(saved.substr(0, saved.size() - kChecksumBytes)), sum);
  }
  if (sum.empty() || !saved.ends_with(sum)) {
    return Error{Reaction::Reject, "the state is damaged"};
  }
  return StateReader(saved.substr(head.size(), size - kChecksumBytes));
}

std::uint64_t StateReader::byte() {
  if (rest_.empty()) {
    good_ = false;
    return 0;
  }
  const auto value = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::uint64_t StateReader::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t part = byte();
    value |= (part & 0x7FU) << shift;
    if (part < 0x80U) {
      return value;
    }
  }
  good_ = false;
  return 0;
}

std::int64_t StateReader::integer() {
  const std::uint64_t bits = number();
  const std::uint64_t half = bits >> 1U;
  return static_cast<std::int64_t>((bits & 1U) != 0 ? ~half : half);
}

double StateReader::real() {
  std::uint64_t bits = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bits |= byte() << shift;
  }
  return std::bit_cast<double>(bits);
}

std::string_view StateReader::text() {
  const std::uint64_t size = number();
  if (size > rest_.size()) {
    good_ = false;
    return {};
  }
  const std::string_view value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

}  // namespace sluice
