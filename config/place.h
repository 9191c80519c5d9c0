// A position in the configuration file.
#pragma once

#include <compare>

namespace sluice::configuration {

struct Place {
  int line = 0;    // from 1; 0: nowhere in particular
  int column = 0;  // from 1, in bytes

  // clang-tidy 14 sees a 0 in what the compiler generates.
  auto operator<=>(const Place&) const = default;  // NOLINT(modernize-use-nullptr)
};

}  // namespace sluice::configuration
