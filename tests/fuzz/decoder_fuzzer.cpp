// libFuzzer feeds the decoder SLUICE_FUZZED. scripts/fuzz builds and runs one for each.
#include "tests/support/decoder_probe.h"

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

// NOLINTBEGIN(readability-identifier-naming): libFuzzer calls it by this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sluice::testing_support::DecoderProbe probe(SLUICE_FUZZED);
  const std::string wrong = probe.look({reinterpret_cast<const char*>(data), size});
  if (!wrong.empty()) {
    std::cerr << SLUICE_FUZZED << ": " << wrong << '\n';
    std::abort();
  }
  return 0;
}
// NOLINTEND(readability-identifier-naming)
