// The messages in tests/vectors/sparkplug, made by an encoder that is not ours.
#pragma once

#include "tests/unit/decoders/bytes_of.h"

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice {

struct SparkplugVector {
  std::string what;
  std::string topic;
  std::string payload;
  std::string time;  // of the record in ms, and its error if it has one
  std::string json;
};

inline std::vector<SparkplugVector> sparkplug_vectors() {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/vectors/sparkplug/vectors.txt");
  std::vector<SparkplugVector> vectors;
  SparkplugVector one;
  std::string hex;
  std::string empty;
  while (std::getline(file, one.what) && std::getline(file, one.topic) && std::getline(file, hex) &&
         std::getline(file, one.time) && std::getline(file, one.json) &&
         std::getline(file, empty)) {
    one.payload = bytes_of(hex);
    vectors.push_back(one);
  }
  if (vectors.empty() || !empty.empty()) {
    throw std::runtime_error("the vectors cannot be read");
  }
  return vectors;
}

}  // namespace sluice
