#include "admin/target.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice {

namespace {

Error malformed() {
  return {Reaction::Reject, "the target of the request is not of the form /path?name=value"};
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    constexpr std::size_t kDigits = 2;
    unsigned byte = 0;
    const std::string_view hex = text.substr(i + 1, kDigits);
    const auto [end, failed] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
    if (failed != std::errc() || hex.size() != kDigits || end != hex.data() + kDigits) {
      return std::nullopt;
    }
    out += static_cast<char>(byte);
    i += kDigits;
  }
  return out.find('\0') == std::string::npos ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

Status parse_target(std::string_view target, AdminRequest& request) {
  const std::size_t mark = target.find('?');
  auto path = decoded(target.substr(0, mark), false);
  if (!path || !path->starts_with('/')) {
    return malformed();
  }
  request.path = *std::move(path);
  std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    auto name = decoded(pair.substr(0, equals), true);
    auto value = decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value) {
      return malformed();
    }
    if (!request.query.emplace(*std::move(name), *std::move(value)).second) {
      return Error{Reaction::Reject, "a parameter is given twice"};
    }
  }
  return {};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 0xFU];
  }
  return out;
}

}  // namespace sluice
