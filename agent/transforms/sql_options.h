// What is common to the steps that are written in SQL.
#pragma once

#include "transforms/step.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// What a field is taken for, whatever a device sends.
enum class SqlType {
  Real,  // 31 is 31.0, so that it divides as 31.5 does
  Int,
  Bool,  // comes out as true or false
  Text,
  Json,  // comes out as the object or array that it is
};

// By the name of the field. A value that cannot be converted is NULL and counted; a text that reads
// as a number is a number. The name may also be that of a result: there Bool and Json say what the
// number or text stands for.
using SqlTypes = std::map<std::string, SqlType>;

// Of the processor, for one run: 512 records take less than one millisecond.
constexpr std::chrono::milliseconds kSqlTimeout{50};

// Why a text is refused, and where.
struct SqlFault {
  std::string message;
  std::size_t clause = 0;  // of several texts: which one
  std::size_t field = 0;
  std::optional<std::size_t> offset{};  // bytes into the text, if it is known
};

struct SqlCounts {
  std::uint64_t type_errors = 0;       // values that were not of the declared type
  std::uint64_t filtered_unknown = 0;  // filtered, and a field it was asked for was missing or null
  std::uint64_t errors = 0;            // records that failed, also those of `timeouts`
  std::uint64_t timeouts = 0;          // runs
  std::uint64_t timeouts_in_a_row = 0;
};

class SqlStep : public Step {
 public:
  [[nodiscard]] virtual SqlCounts counts() const = 0;

  // What is allowed but probably not meant, in words; what is seen in the data is added as it
  // comes. Not for every record.
  [[nodiscard]] virtual std::vector<std::string> warnings() const = 0;
};

// Either a step or why there is none.
struct SqlMade {
  std::unique_ptr<SqlStep> step{};
  SqlFault fault{};
};

}  // namespace sluice
