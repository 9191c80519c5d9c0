// Where the agent's own log lines go: stderr, as text or as one JSON object a line. For the journal
// of systemd each begins with its priority, and the time is left to the journal.
#pragma once

#include "config/config.h"

namespace sluice {

// Sets up spdlog's default logger. Call once, before the first thread is started. Warnings and
// errors that repeat themselves are counted, see RepeatFilter.
void set_up_logging(LogLevel level, LogFormat format);

// Tells what has been held back. To be called once a second, and with `all` at the end.
void tell_repeats(bool all = false);

// Whether `descriptor` leads to the journal, which says so in JOURNAL_STREAM.
bool is_journal(int descriptor, const char* journal_stream);

}  // namespace sluice
