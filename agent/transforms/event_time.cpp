#include "transforms/event_time.h"

#include "transforms/values.h"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace sluice {
namespace {

constexpr double kFirst = -62'135'596'800'000;  // ms: year 1
constexpr double kLast = 253'402'300'799'999;   // ms: end of year 9999

std::optional<Timestamp> of_number(double number) {
  const double size = std::abs(number);
  double ms = number;
  if (size < 1e11) {
    ms = number * 1e3;
  } else if (size >= 1e17) {
    ms = number / 1e6;
  } else if (size >= 1e14) {
    ms = number / 1e3;
  }
  ms = std::round(ms);
  return ms >= kFirst && ms <= kLast
             ? std::optional(Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(ms))))
             : std::nullopt;
}

// Takes what it reads from the front of the text; after an error good() is false.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : text_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    const char* const end = text_.data() + count;
    if (text_.size() < count || std::from_chars(text_.data(), end, value).ptr != end || value < 0) {
      good_ = false;
      return 0;
    }
    text_.remove_prefix(count);
    return value;
  }
  // Up to `most`.
  std::chrono::minutes::rep digits_up_to(int most) {
    const int value = digits(2);
    good_ = good_ && value <= most;
    return value;
  }
  // One of these characters; 0 if none of them comes next.
  char any(std::string_view wanted) {
    if (text_.empty() || wanted.find(text_.front()) == std::string_view::npos) {
      return '\0';
    }
    const char found = text_.front();
    text_.remove_prefix(1);
    return found;
  }
  void expect(std::string_view wanted) { good_ = any(wanted) != '\0' && good_; }
  // What follows a point.
  std::chrono::milliseconds fraction() {
    int ms = 0;
    int unit = 100;
    for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; unit /= 10) {
      ms += unit * (text_.front() - '0');
      text_.remove_prefix(1);
    }
    good_ = good_ && unit != 100;
    return std::chrono::milliseconds(ms);
  }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool done() const { return good_ && text_.empty(); }

 private:
  std::string_view text_;
  bool good_ = true;
};

// RFC 3339.
std::optional<Timestamp> of_text(std::string_view written) {
  using std::chrono::hours;
  using std::chrono::minutes;
  TimeText text(written);
  const std::chrono::year year(text.digits(4));
  text.expect("-");
  const std::chrono::month month(static_cast<unsigned>(text.digits(2)));
  text.expect("-");
  const std::chrono::day day(static_cast<unsigned>(text.digits(2)));
  text.expect("Tt ");
  const hours hour(text.digits_up_to(23));
  text.expect(":");
  const minutes minute(text.digits_up_to(59));
  text.expect(":");
  const std::chrono::seconds second(text.digits_up_to(60));  // a leap second
  const std::chrono::milliseconds part =
      text.any(".,") != '\0' ? text.fraction() : std::chrono::milliseconds(0);
  minutes zone(0);
  if (text.any("Zz") == '\0') {
    if (const char sign = text.any("+-"); sign != '\0') {
      zone = hours(text.digits_up_to(23));
      text.any(":");
      zone += minutes(text.digits_up_to(59));
      zone = sign == '-' ? -zone : zone;
    }
  }
  const std::chrono::year_month_day date(year, month, day);
  if (!text.done() || !date.ok() || year < std::chrono::year(1)) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + hour + minute + second + part - zone;
}

}  // namespace

std::optional<Timestamp> event_time(std::string_view json) {
  if (is_string(json)) {
    return of_text(bare(json));
  }
  const std::optional<double> number = number_in(json);
  return number ? of_number(*number) : std::nullopt;
}

}  // namespace sluice
