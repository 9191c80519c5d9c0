// What an HTTP answer means: the one place where status codes are sorted.
#pragma once

#include "core/clock.h"
#include "core/transport.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// What is kept of an answer.
struct HttpReply {
  unsigned status = 0;
  std::string reason;
  std::string retry_after;  // header values, empty if absent
  std::string date;
  std::string content;     // the first bytes of the body
  std::string location{};  // header value, empty if absent
  bool early = false;      // came before the server had the whole request
};

// What a user says about statuses, against the table.
using ResponseRules = std::map<unsigned, Verdict>;

// The table of uplink/PROTOCOL.md.
Verdict verdict_of(unsigned status);
Verdict verdict_of(unsigned status, const ResponseRules& rules);

// Seconds, or a date in one of the three forms of RFC 9110 §5.6.7. A date is measured against the
// answer's own Date header if it has one, because a device without a battery-backed clock may be
// years off, and against `now` otherwise. Nothing if `value` is neither; a date in the past is 0.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::string_view date, Timestamp now);

// Verdict, wish and words of the far side. An early answer never confirms: nobody can answer for
// what he has not got. In the detail, control characters become spaces, so that an answer cannot
// forge log lines.
Answer answer_of(const HttpReply& reply, Timestamp now, const ResponseRules& rules = {});

}  // namespace sluice
