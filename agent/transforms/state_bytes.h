// The bytes in which a step keeps what it must find again after a restart.
//
// "<kind> <version>\n", values one after the other, and a checksum of all that: what another step
// has written, or what is damaged, is never taken for a state.
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

class StateWriter {
 public:
  explicit StateWriter(std::string_view kind) : bytes_(std::string(kind) + '\n') {}

  void number(std::uint64_t value);  // small ones are short
  void integer(std::int64_t value);  // those near zero are short
  void time(std::chrono::milliseconds value) { integer(value.count()); }
  void real(double value);
  void text(std::string_view value);

  // With the checksum. Nothing may follow.
  [[nodiscard]] std::string finish();

 private:
  std::string bytes_;
};

// Behind the end everything is zero, and good() is false.
class StateReader {
 public:
  // Reject: of another kind or version, or damaged.
  static Result<StateReader> open(std::string_view saved, std::string_view kind);

  std::uint64_t number();
  std::int64_t integer();
  std::chrono::milliseconds time() { return std::chrono::milliseconds(integer()); }
  double real();
  std::string_view text();  // a view of what was saved

  [[nodiscard]] bool good() const { return good_; }
  // Everything has been read, and nothing was missing.
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  explicit StateReader(std::string_view rest) : rest_(rest) {}
  std::uint64_t byte();

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace sluice
