// Options with a small language of their own: daily windows, meanings of statuses.
#include "config/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace sluice::configuration {

namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kTiB = kMiB * 1024 * 1024;

std::optional<int> two_digits(std::string_view text, int limit) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = text.size() == 2 && error == std::errc{} && end == text.data() + 2 &&
                    text[0] != '-' && value < limit;
  return good ? std::optional(value) : std::nullopt;
}

// 22:00
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  constexpr std::size_t kLength = 5;
  constexpr int kHours = 24;
  constexpr int kMinutes = 60;
  if (text.size() != kLength || text[2] != ':') {
    return std::nullopt;
  }
  const auto hours = two_digits(text.substr(0, 2), kHours);
  const auto minutes = two_digits(text.substr(3), kMinutes);
  if (!hours || !minutes) {
    return std::nullopt;
  }
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

std::optional<DailyWindow> parse_window(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto from = parse_time_of_day(text.substr(0, dash));
  const auto to = parse_time_of_day(text.substr(dash + 1));
  if (!from || !to || *from == *to) {
    return std::nullopt;
  }
  return DailyWindow{*from, *to};
}

Status check_window(const std::string& text) {
  return parse_window(text)
             ? Status()
             : Status(Error{Reaction::Reject, "is not a part of a day: write \"22:00-06:00\""});
}

const std::array<std::pair<std::string_view, Verdict>, 7> kMeanings{
    {{"confirm", Verdict::Confirmed},
     {"retry", Verdict::Retry},
     {"throttle", Verdict::Throttled},
     {"misconfigured", Verdict::Misconfigured},
     {"too_large", Verdict::TooLarge},
     {"reject", Verdict::Refused},
     {"partial", Verdict::Partial}}};

std::optional<unsigned> parse_status(std::string_view text) {
  constexpr unsigned kFirst = 200;  // before that, nothing is an answer
  constexpr unsigned kLast = 599;
  unsigned status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool good = error == std::errc{} && end == text.data() + text.size() && status >= kFirst &&
                    status <= kLast;
  return good ? std::optional(status) : std::nullopt;
}

std::optional<Verdict> parse_meaning(std::string_view text) {
  const auto* const found =
      std::ranges::find(kMeanings, text, [](const auto& pair) { return pair.first; });
  return found != kMeanings.end() ? std::optional(found->second) : std::nullopt;
}

Status check_response(const std::string& status, const std::string& meaning) {
  if (!parse_status(status)) {
    return Error{Reaction::Reject, "is not a status of an answer: write a number from 200 to 599"};
  }
  if (!parse_meaning(meaning)) {
    return Error{Reaction::Reject,
                 "must be one of confirm, retry, throttle, misconfigured, too_large, reject, "
                 "partial"};
  }
  return {};
}

}  // namespace

Field responses_field(ResponseRules& rules) {
  Field field;
  field.name = "responses";
  field.kind = FieldKind::TextMap;
  field.help = "What a status means here, where that is not what it usually means.";
  field.check_pair = check_response;
  field.store = [&rules](const FieldValue& value) {
    for (const auto& [status, meaning] : std::get<Pairs>(value)) {
      const auto number = parse_status(status);
      const auto verdict = parse_meaning(meaning);
      if (number && verdict) {  // otherwise it has been reported
        rules[*number] = *verdict;
      }
    }
  };
  return field;
}

Field rate_limit_field(RateLimitOptions& limit) {
  Field schedule;
  schedule.name = "schedule";
  schedule.kind = FieldKind::Text;
  schedule.help = "Part of the day, local time, outside of which nothing is sent.";
  schedule.check = check_window;
  schedule.store = [&limit](const FieldValue& value) {
    limit.schedule = parse_window(std::get<std::string>(value));  // nothing: it was reported
  };
  return section(
      "rate_limit",
      {size("bytes_per_second", limit.bytes_per_second, {64, kTiB},
            "Average of what is sent, headers included.")
           .shown_as(""),
       size("burst", limit.burst, {1, kTiB},
            "What a quiet time may save up; default: one second's worth.")
           .shown_as(""),
       std::move(schedule),
       size("daily", limit.daily, {kKiB, 16 * kTiB},
            "Nothing more is sent on a day, local time, that has seen this much.")
           .shown_as(""),
       size("monthly", limit.monthly, {kKiB, 16 * kTiB},
            "Nothing more is sent in a calendar month that has seen this much.")
           .shown_as(""),
       boolean("metered", limit.metered,
               "Collects blocks, and sends them together once there are 64 KiB or the oldest has "
               "waited 15 minutes.")},
      "What the link can bear.");
}

}  // namespace sluice::configuration
