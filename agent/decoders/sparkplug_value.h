// The values of Sparkplug metrics as JSON.
#pragma once

#include "decoders/sparkplug_metric.h"

#include <string>
#include <string_view>

namespace sluice {

// Both throw protozero::exception where the bytes are not protocol buffers.

// Appends the value of one metric. Returns what is wrong with it, or nothing: `unknown_datatype` if
// its type is not known and matters, `invalid_value` if it is not what its type says; then it is
// there all the same, as well as it can be. `too_deep`: it is not.
std::string_view append_sparkplug_value(const SparkplugMetric& metric, std::string& out);

// Appends a PropertySet as an object, likewise.
std::string_view append_sparkplug_properties(std::string_view properties, std::string& out);

}  // namespace sluice
