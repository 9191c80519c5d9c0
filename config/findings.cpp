#include "config/findings.h"

#include "core/utf8.h"

#include <algorithm>
#include <utility>

namespace sluice::configuration {

namespace {

// A file may be one line of a megabyte with a thousand mistakes in it.
constexpr std::size_t kLongestShownLine = 400;
constexpr std::size_t kLongestQuote = 60;

// Stands for the second and later bytes of a hidden character until the line is shown, so that
// hiding changes neither the bytes' positions nor the number of characters.
constexpr char kHiddenByte = '\0';

std::size_t characters(std::string_view bytes) {
  return static_cast<std::size_t>(std::ranges::count_if(
      bytes, [](char c) { return c != kHiddenByte && !continues_character(c); }));
}

// Not in the middle of a character.
std::string_view clipped(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  while (most > 0 && continues_character(text[most])) {
    --most;
  }
  return text.substr(0, most);
}

std::string printable(std::string text) {
  std::ranges::replace_if(text, is_control, '?');
  return text;
}

std::string shown_line(std::string_view line) {
  std::string shown(clipped(line, kLongestShownLine));
  std::erase(shown, kHiddenByte);
  std::ranges::replace_if(
      shown, [](char c) { return is_control(c) && c != '\t'; }, '?');
  return shown;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool in_file_order(const Place& a, const Place& b) {
  if ((a.line == 0) != (b.line == 0)) {
    return b.line == 0;
  }
  return a < b;
}

}  // namespace

std::string quoted(std::string_view text) {
  const std::string_view shown = clipped(text, kLongestQuote);
  return printable("'" + std::string(shown) + (shown.size() < text.size() ? "…'" : "'"));
}

int Findings::add_file(std::string name, std::string_view text) {
  files_.push_back({std::move(name), split_lines(text)});
  return static_cast<int>(files_.size()) - 1;
}

std::string Findings::line_of(Place place) const {
  return files_.at(static_cast<std::size_t>(place.file)).name + ':' + std::to_string(place.line);
}

std::vector<std::string>& Findings::lines_of(Place place) {
  return files_.at(static_cast<std::size_t>(place.file)).lines;
}

void Findings::error(Place place, std::string path, std::string message) {
  add(Severity::Error, place, std::move(path), std::move(message));
}

void Findings::warning(Place place, std::string path, std::string message) {
  add(Severity::Warning, place, std::move(path), std::move(message));
}

void Findings::add(Severity severity, Place place, std::string path, std::string message) {
  if (is_silent_ || (place.line > 0 && !said_.emplace(place, message).second)) {
    return;
  }
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.path = printable(std::move(path));
  diagnostic.message = printable(std::move(message));
  found_.emplace_back(place, std::move(diagnostic));
}

void Findings::hide(Place from, Place to, std::string_view secret) {
  std::vector<std::string>& lines = lines_of(from);
  const bool has_line = from.line >= 1 && from.line <= static_cast<int>(lines.size());
  if (!has_line || !hidden_.insert(from).second) {
    return;
  }
  const std::string& first = lines[static_cast<std::size_t>(from.line) - 1];
  const std::size_t start = std::min(static_cast<std::size_t>(from.column) - 1, first.size());
  const std::size_t exact = secret.empty() ? std::string::npos : first.find(secret, start);
  // One character may be the quote. Further away it would be another text that looks the same.
  if (exact != std::string::npos && exact <= start + 1) {
    cover(lines, from.line, exact, exact + secret.size());
    return;
  }
  cover(lines, from.line, start,
        to.line == from.line ? static_cast<std::size_t>(to.column) - 1 : std::string::npos);
  for (int line = from.line + 1; line <= to.line; ++line) {
    cover(lines, line, 0,
          line == to.line ? static_cast<std::size_t>(to.column) - 1 : std::string::npos);
  }
}

void Findings::cover(std::vector<std::string>& lines, int line, std::size_t from, std::size_t to) {
  if (line > static_cast<int>(lines.size())) {
    return;
  }
  std::string& text = lines[static_cast<std::size_t>(line) - 1];
  for (std::size_t i = from; i < std::min(to, text.size()); ++i) {
    if (text[i] != ' ' && text[i] != '\t') {
      text[i] = continues_character(text[i]) ? kHiddenByte : '*';
    }
  }
}

std::vector<Diagnostic> Findings::in_order() && {
  std::ranges::stable_sort(
      found_, [](const auto& a, const auto& b) { return in_file_order(a.first, b.first); });
  std::vector<Diagnostic> ordered;
  ordered.reserve(found_.size());
  Place counted{0, 1, 0};  // characters before it in its line: no byte of a line is counted twice
  std::size_t before = 0;
  for (auto& [place, diagnostic] : found_) {
    const File& file = files_.at(static_cast<std::size_t>(place.file));
    const std::vector<std::string>& lines = file.lines;
    diagnostic.file = file.name;
    diagnostic.line = place.line;
    diagnostic.column = place.column;
    if (place.line >= 1 && place.line <= static_cast<int>(lines.size())) {
      const std::string_view line = lines[static_cast<std::size_t>(place.line) - 1];
      if (place.line != counted.line || place.file != counted.file) {
        counted = {place.line, 1, place.file};
        before = 0;
      }
      const std::size_t from = std::min(static_cast<std::size_t>(counted.column) - 1, line.size());
      const std::size_t to = std::min(static_cast<std::size_t>(place.column) - 1, line.size());
      before += characters(line.substr(from, to - from));
      counted = place;
      diagnostic.column = static_cast<int>(before) + 1;
      if (to < kLongestShownLine) {
        diagnostic.source_line = shown_line(line);
      }
    }
    ordered.push_back(std::move(diagnostic));
  }
  return ordered;
}

}  // namespace sluice::configuration
