#include "config/rules.h"

#include "buffers/encryption_key.h"
#include "decoders/struct_layout.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::configuration {

namespace {

Error wrong(std::string why) {
  return {Reaction::Reject, std::move(why)};
}

bool is_letter_or_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool consists_of(const std::string& text, std::string_view marks) {
  return std::ranges::all_of(text, [&](char c) {
    return is_letter_or_digit(c) || marks.find(c) != std::string_view::npos;
  });
}

}  // namespace

Status check_name(const std::string& text) {
  constexpr std::size_t kLongest = 64;
  if (text.empty() || text.size() > kLongest || !consists_of(text, "_-")) {
    return wrong("is not a valid name: use 1 to 64 letters, digits, _ and -");
  }
  return {};
}

Status check_agent_id(const std::string& text) {
  constexpr std::size_t kLongest = 128;
  if (text.empty() || text.size() > kLongest || !consists_of(text, "._-")) {
    return wrong("is not a valid agent id: use 1 to 128 letters, digits, '.', _ and -");
  }
  return {};
}

Status check_not_empty(const std::string& text) {
  return text.empty() ? Status(wrong("must not be empty")) : Status{};
}

Status check_encryption_key(const std::string& text) {
  const auto key = parse_encryption_key(text);
  return key ? Status() : key.error();
}

Status check_pem_path(const std::string& text) {
  if (text.find("-----BEGIN") != std::string::npos) {
    return wrong("must be the path of a PEM file, not its content");
  }
  return check_not_empty(text);
}

Status check_protocol_name(const std::string& text) {
  constexpr std::size_t kLongest = 255;
  return text.empty() || text.size() > kLongest ? Status(wrong("must have 1 to 255 bytes"))
                                                : Status{};
}

Status check_basic_username(const std::string& text) {
  if (text.find(':') != std::string::npos) {
    return wrong("must not contain a colon: there the password would begin");
  }
  return check_not_empty(text);
}

Status check_header(const std::string& name, const std::string& text) {
  constexpr std::array<std::string_view, 7> kOwn{
      "connection",        "content-length",  "content-encoding", "expect",
      "transfer-encoding", "idempotency-key", "upgrade"};
  if (name.empty() || !consists_of(name, "!#$%&'*+-.^_`|~")) {
    return wrong("is not a valid header name");
  }
  const std::string lower = lower_case(name);
  if (std::ranges::find(kOwn, lower) != kOwn.end() || lower.starts_with("sluice-")) {
    return wrong("is a header that the agent writes itself: remove it");
  }
  if (text.starts_with(' ') || text.ends_with(' ')) {
    return wrong("has a value that begins or ends with a space");
  }
  return {};
}

bool is_secret_header(const std::string& name) {
  constexpr std::array<std::string_view, 8> kTelltales{"auth",   "bearer", "token",  "key",
                                                       "secret", "cookie", "passwd", "password"};
  const std::string lower = lower_case(name);
  return std::ranges::any_of(kTelltales, [&](std::string_view telltale) {
    return lower.find(telltale) != std::string::npos;
  });
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

Status check_delimiter(const std::string& text) {
  constexpr std::string_view kNever = "\"+-.";
  const bool is_one = text.size() == 1 && text[0] > ' ' && text[0] < 0x7f;
  const bool is_allowed =
      is_one && kNever.find(text[0]) == std::string_view::npos && !is_letter_or_digit(text[0]);
  if (text != "tab" && !is_allowed) {
    return wrong(
        "must be one character like , or ; or |, and not a letter, a digit, a quote or a "
        "sign; or the word tab");
  }
  return {};
}

Status check_struct_field(const std::string& name, const std::string& text) {
  const auto field = parse_struct_field(name, text);
  return field ? Status() : field.error();
}

}  // namespace sluice::configuration
