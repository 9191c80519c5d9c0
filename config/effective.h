// The configuration as it is in force, written out.
#pragma once

#include "config/field.h"
#include "config/reader.h"

#include <string>

namespace sluice::configuration {

// A value as one would write it in YAML.
std::string as_written(const Field& field, const FieldValue& value);

std::string effective_yaml(const Reading& reading);

}  // namespace sluice::configuration
