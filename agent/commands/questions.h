// Asks somebody at a terminal.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace sluice {

// Somebody is there: standard input and standard error are a terminal.
bool can_ask();

// Says what is wrong with an answer; empty: nothing.
using Objection = std::function<std::string(const std::string& answer)>;

// Asks until there is an answer without an objection; an empty one means `preset`, if there is one.
// Nothing: the input has ended.
std::optional<std::string> ask(const std::string& question, const std::string& preset,
                               const Objection& objection);

// The same without showing what is typed; it may be empty.
std::optional<std::string> ask_secretly(const std::string& question);

}  // namespace sluice
