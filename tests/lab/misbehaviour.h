// How a receiver is told on the command line to behave badly.
#pragma once

#include "tests/lab/receiver.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::lab {

struct Misbehaviour {
  std::optional<int> answer = std::nullopt;            // instead of 200
  std::optional<unsigned> retry_after = std::nullopt;  // seconds, with the answer
  bool hang = false;
  bool close = false;
  std::uint64_t every = 1;                       // only the k-th, 2k-th, … request
  std::optional<double> seconds = std::nullopt;  // only so long from the start
  std::chrono::milliseconds delay{0};            // before every answer, also the good ones
};

// Reads the time when it is made and at each request.
Receiver::Script script_of(const Misbehaviour& misbehaviour);

}  // namespace sluice::lab
