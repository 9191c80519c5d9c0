#include "config/convert.h"

#include "config/nearest.h"
#include "config/rules.h"
#include "config/scalars.h"
#include "core/utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

namespace sluice::configuration {

namespace {

using Number = Result<std::int64_t>;

Error wrong(std::string why) {
  return {Reaction::Reject, std::move(why)};
}

// Value of the field's kind as one writes it.
std::string number_text(const Field& field, std::int64_t number) {
  switch (field.kind) {
    case FieldKind::Duration:
      return duration_text(std::chrono::milliseconds(number));
    case FieldKind::Size:
      return size_text(number);
    default:
      return std::to_string(number);
  }
}

Result<FieldValue> in_range(const Field& field, const Number& number) {
  if (!number) {
    return number.error();
  }
  if (*number < field.range.min || *number > field.range.max) {
    return wrong("is out of range: it must be between " + number_text(field, field.range.min) +
                 " and " + number_text(field, field.range.max) +
                 (field.may_be_off ? ", or off" : ""));
  }
  if (*number % field.step != 0) {
    return wrong("is too fine: it must be a multiple of " + number_text(field, field.step));
  }
  return FieldValue(*number);
}

Result<FieldValue> to_duration(const Field& field, const std::string& text) {
  if (field.may_be_off && text == "off") {
    return FieldValue(std::int64_t{0});
  }
  const auto duration = parse_duration(text);
  return in_range(field, duration ? Number(duration->count()) : Number(duration.error()));
}

Result<FieldValue> to_choice(const Field& field, const std::string& text) {
  const auto found = std::ranges::find(field.words, text);
  if (found != field.words.end()) {
    return FieldValue(static_cast<std::int64_t>(found - field.words.begin()));
  }
  const auto meant = nearest(text, field.words);
  return wrong("must be one of: " + joined(field.words) +
               (meant ? "; did you mean " + *meant + "?" : ""));
}

Result<FieldValue> to_url(const Field& field, const std::string& text) {
  const std::size_t end = text.find("://");
  if (end != std::string::npos) {
    const std::string scheme = lower_case(text.substr(0, end));
    if (std::ranges::find(field.words, scheme) == field.words.end()) {
      return wrong("must begin with one of: " + joined(field.words) + ", followed by ://");
    }
  }
  auto url = parse_url(text);
  if (!url) {
    return wrong("is " + url.error().message);
  }
  return FieldValue(*std::move(url));
}

Result<FieldValue> to_boolean(const std::string& text) {
  const auto value = parse_boolean(text);
  if (!value) {
    return value.error();
  }
  return FieldValue(*value);
}

// JSON's way to write one (RFC 8259, section 6), which is also YAML's.
Result<FieldValue> to_number(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const bool plain = text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (error != std::errc() || rest != end || !plain || !std::isfinite(number)) {
    return wrong("is not a number: write it like 0.1 or -40");
  }
  return FieldValue(number);
}

Status check_lines(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return check_text(text);
}

Result<FieldValue> to_text(const Field& field, const std::string& text) {
  Status status = field.kind != FieldKind::Text ? Status{}
                  : field.many_lines            ? check_lines(text)
                                                : check_text(text);
  if (status && field.check != nullptr) {
    status = field.check(text);
  }
  if (!status) {
    return status.error();
  }
  return FieldValue(text);
}

Result<FieldValue> to_secret(const Field& field, const std::string& text) {
  if (std::ranges::any_of(text, is_control)) {
    return wrong("contains a control character or a line break");
  }
  return to_text(field, text);
}

template <class T>
std::vector<T> all_of(const std::vector<FieldValue>& items) {
  std::vector<T> all;
  std::ranges::transform(items, std::back_inserter(all),
                         [](const FieldValue& item) { return std::get<T>(item); });
  return all;
}

}  // namespace

FieldValue list_value(const Field& field, const std::vector<FieldValue>& items) {
  return field.words.empty() ? FieldValue(all_of<std::string>(items))
                             : FieldValue(all_of<Url>(items));
}

std::string item_text(const FieldValue& item) {
  if (const auto* url = std::get_if<Url>(&item)) {
    return url->scheme + "://" + url->authority() + url->target;
  }
  return std::get<std::string>(item);
}

Status check_text(const std::string& text) {
  if (std::ranges::any_of(text, is_control)) {
    return wrong("contains a control character or a line break");
  }
  if (!is_utf8(text)) {
    return wrong("is not UTF-8");
  }
  return {};
}

Result<FieldValue> convert(const Field& field, const std::string& text) {
  switch (field.kind) {
    case FieldKind::Text:
    case FieldKind::TextList:
      return to_text(field, text);
    case FieldKind::Secret:
      return to_secret(field, text);
    case FieldKind::Url:
      return to_url(field, text);
    case FieldKind::Boolean:
      return to_boolean(text);
    case FieldKind::Integer:
      return in_range(field, parse_integer(text));
    case FieldKind::Number:
      return to_number(text);
    case FieldKind::Duration:
      return to_duration(field, text);
    case FieldKind::Size:
      return in_range(field, parse_size(text));
    case FieldKind::Choice:
      return to_choice(field, text);
    case FieldKind::TextMap:
    case FieldKind::Section:
    case FieldKind::Named:
    case FieldKind::Items:
    case FieldKind::Steps:
    case FieldKind::Data:
    case FieldKind::Unsupported:
      break;
  }
  return wrong("is not a single value");
}

}  // namespace sluice::configuration
