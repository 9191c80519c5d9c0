// ${…} in scalar values.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace sluice::configuration {

struct Substituted {
  std::string text;
  bool has_references = false;  // parts of the text do not stand in the file
};

// ${NAME}            the environment variable; rejected if it is not set
// ${NAME:-default}   the default if it is not set or empty
// ${NAME:?message}   rejected with the message if it is not set or empty
// ${file:PATH}       what the file holds, without the line break at its end
// ${credential:NAME} the same of a systemd credential: a file in $CREDENTIALS_DIRECTORY
// $$                 one $; every other $ stands for itself
//
// What is put in is text and nothing else: it is not looked at again. HOSTNAME is the host name if
// the environment does not say. No error repeats a value.
Result<Substituted> substitute(std::string_view text);

// Whoever reads the file knows a value: there is no reference in it, or one with a default.
bool tells_value(std::string_view text);

std::string host_name();

}  // namespace sluice::configuration
