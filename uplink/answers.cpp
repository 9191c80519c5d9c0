#include "uplink/answers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace sluice {

namespace {

// No wish reaches further; keeps arithmetic far away from overflow.
constexpr std::chrono::seconds kLongestWish = std::chrono::hours(24 * 365);

std::optional<std::chrono::seconds> parse_seconds(std::string_view value) {
  if (value.empty() || !std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc{}) {  // more digits than fit
    return kLongestWish;
  }
  return std::min(std::chrono::seconds(seconds), kLongestWish);
}

std::optional<std::chrono::sys_seconds> parse_date(std::string_view value) {
  const std::string text(value);
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') {
      return std::chrono::sys_seconds(std::chrono::seconds(timegm(&parts)));
    }
  }
  return std::nullopt;
}

std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(
      clean, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  const std::size_t last = clean.find_last_not_of(' ');
  clean.resize(last == std::string::npos ? 0 : last + 1);
  return clean;
}

}  // namespace

Verdict verdict_of(unsigned status) {
  constexpr unsigned kPartialContent = 206;
  constexpr unsigned kMultiStatus = 207;
  if (status == kPartialContent || status == kMultiStatus) {
    return Verdict::Partial;
  }
  if (status >= 200 && status < 300) {
    return Verdict::Confirmed;
  }
  if (status >= 500 && status < 600) {
    return Verdict::Retry;
  }
  switch (status) {
    case 408:
      return Verdict::Retry;
    case 429:
      return Verdict::Throttled;
    case 413:
      return Verdict::TooLarge;
    case 400:
    case 422:
      return Verdict::Refused;
    case 415:
      return Verdict::BadEncoding;
    default:
      // 401, 403, 404, 407 say so; a redirect, which is not followed because it could lead the data
      // and the credentials anywhere, and codes nobody has heard of need a human just as much.
      return Verdict::Misconfigured;
  }
}

Verdict verdict_of(unsigned status, const ResponseRules& rules) {
  const auto rule = rules.find(status);
  return rule != rules.end() ? rule->second : verdict_of(status);
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::string_view date, Timestamp now) {
  if (const auto seconds = parse_seconds(value)) {
    return *seconds;
  }
  const auto until = parse_date(value);
  if (!until) {
    return std::nullopt;
  }
  const Timestamp reference =
      parse_date(date).value_or(std::chrono::floor<std::chrono::seconds>(now));
  return std::clamp<std::chrono::milliseconds>(*until - reference, std::chrono::milliseconds(0),
                                               kLongestWish);
}

Answer answer_of(const HttpReply& reply, Timestamp now, const ResponseRules& rules) {
  Answer answer;
  answer.verdict = verdict_of(reply.status, rules);
  if (answer.verdict == Verdict::Confirmed && reply.early) {
    answer.verdict = Verdict::Retry;
  }
  answer.retry_after = parse_retry_after(reply.retry_after, reply.date, now);
  answer.detail = answer.words = std::to_string(reply.status);
  for (const auto& [separator, text] :
       std::array{std::pair{" ", &reply.reason}, std::pair{": ", &reply.content}}) {
    const std::string clean = printable(*text);
    answer.detail += clean.empty() ? "" : separator + clean;
    answer.words += text->empty() ? "" : separator + *text;
  }
  constexpr std::size_t kMostWords = 4UL * 1024;
  answer.words.resize(std::min(answer.words.size(), kMostWords));
  return answer;
}

}  // namespace sluice
