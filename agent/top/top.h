// `sluice top`: how an agent is, again and again.
#pragma once

#include "core/result.h"

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

namespace sluice {

// The answer of /status. What goes wrong is an error with words for whoever looks.
using TopQuestion = std::function<Result<std::string>()>;

// On the terminal until somebody types q. An agent that does not answer at first is an error; one
// that stops to answer later is waited for.
Status top_on_terminal(const TopQuestion& ask, std::chrono::milliseconds interval);

// As text, for a pipe or a log. Looks twice, a second apart: it takes two looks to see a rate.
Status top_once(const TopQuestion& ask, std::ostream& out);

// What /status answers, a line for each look, until the reader has enough; or once.
Status top_as_json(const TopQuestion& ask, std::chrono::milliseconds interval, bool once,
                   std::ostream& out);

}  // namespace sluice
