// Where the agent's own log lines go: stderr, as text or as one JSON object a line.
#pragma once

#include "config/config.h"

namespace sluice {

// Sets up spdlog's default logger. Call once, before the first thread is started.
void set_up_logging(LogLevel level, LogFormat format);

}  // namespace sluice
