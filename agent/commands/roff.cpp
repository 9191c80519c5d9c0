#include "commands/roff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sluice {

namespace {

constexpr std::string_view kCodeIndent = "    ";
constexpr std::string_view kItem = "- ";

// The code point that begins at `at`, and moves on behind it. The text is our own, so it is UTF-8.
std::uint32_t code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t index) {
    return std::uint32_t{static_cast<unsigned char>(text[index])};
  };
  const std::uint32_t first = byte(at++);
  const int more = first >= 0xF0U ? 3 : first >= 0xE0U ? 2 : 1;
  std::uint32_t code = first & (0x3FU >> static_cast<unsigned>(more));
  for (int i = 0; i < more && at < text.size(); ++i) {
    code = code << 6U | (byte(at++) & 0x3FU);
  }
  return code;
}

// [u2026]: at least four digits, capital letters.
std::string named(std::uint32_t code) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digits;
  for (; code > 0 || digits.size() < 4; code /= 16) {
    digits.insert(digits.begin(), kDigits[code % 16]);
  }
  return "\\[u" + digits + ']';
}

bool is_heading(std::string_view line) {
  return line.starts_with('#');
}

bool is_row(std::string_view line) {
  return line.starts_with("| ") || line.starts_with("|-");
}

bool is_code(std::string_view line) {
  return line.starts_with(kCodeIndent);
}

bool is_item(std::string_view line) {
  return line.starts_with(kItem);
}

// The mark that the text begins with: of code, of strong words or of emphasis.
std::string_view mark_at(std::string_view text) {
  if (text.empty()) {
    return text;
  }
  return text.substr(0, text.starts_with("**") ? 2 : 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string_view> cells_of(std::string_view row) {
  constexpr std::string_view kBetween = " | ";
  row.remove_prefix(2);
  if (row.ends_with(" |")) {
    row.remove_suffix(2);
  }
  std::vector<std::string_view> cells;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = row.find(kBetween);
    cells.push_back(row.substr(0, end));
    row.remove_prefix(end == std::string_view::npos ? row.size() : end + kBetween.size());
  }
  return cells;
}

class MarkdownReader {
 public:
  explicit MarkdownReader(std::string_view markdown) : lines_(lines_of(markdown)) {}

  std::string read() {
    while (at_ < lines_.size()) {
      const std::string_view line = lines_[at_];
      if (line.empty()) {
        ++at_;
      } else if (is_heading(line)) {
        heading(line);
        ++at_;
      } else if (is_row(line)) {
        table();
      } else if (is_item(line)) {
        item();
      } else if (is_code(line)) {
        example();
      } else {
        paragraph();
      }
    }
    return std::move(text_);
  }

 private:
  // The title of the page is the page's own business.
  void heading(std::string_view line) {
    const std::size_t level = line.find_first_not_of('#');
    if (level > 1) {
      text_ += (level == 2 ? ".SH " : ".SS ") + roff_marked(line.substr(level + 1)) + '\n';
    }
  }

  void paragraph() {
    text_ += ".PP\n";
    rest_of_paragraph();
  }

  // - what it says, and lines that go on with it, which are indented
  void item() {
    text_ += ".IP \\(bu 2\n" + roff_marked(lines_[at_++].substr(kItem.size())) + '\n';
    rest_of_paragraph();
  }

  void rest_of_paragraph() {
    for (; at_ < lines_.size(); ++at_) {
      std::string_view line = lines_[at_];
      if (line.empty() || is_heading(line) || is_row(line) || is_item(line)) {
        return;
      }
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      text_ += roff_marked(line) + '\n';
    }
  }

  void example() {
    text_ += ".PP\n.RS 4\n.nf\n";
    for (; at_ < lines_.size() && is_code(lines_[at_]); ++at_) {
      text_ += roff_text(lines_[at_].substr(kCodeIndent.size())) + '\n';
    }
    text_ += ".fi\n.RE\n";
  }

  // | key | value | default | help |
  void table() {
    constexpr std::size_t kHead = 2;  // the names of the columns, and the line below them
    std::size_t row = 0;
    for (; at_ < lines_.size() && is_row(lines_[at_]); ++at_, ++row) {
      if (row < kHead) {
        continue;
      }
      std::vector<std::string_view> cells = cells_of(lines_[at_]);
      cells.resize(std::max<std::size_t>(cells.size(), 4));
      text_ += ".TP\n" + roff_marked(cells[0]) + " (" + roff_marked(cells[1]);
      if (cells[2] == "**required**") {
        text_ += ", " + roff_marked(cells[2]);
      } else if (!cells[2].empty()) {
        text_ += "; default: " + roff_marked(cells[2]);
      }
      text_ += ")\n" + roff_marked(cells[3]) + '\n';
    }
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::string text_;
};

}  // namespace

std::string roff_text(std::string_view text) {
  std::string result;
  // A dot or an apostrophe at the beginning of a line would make it a request.
  if (text.starts_with('.') || text.starts_with('\'')) {
    result += "\\&";
  }
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      result += named(code_point(text, at));
      continue;
    }
    ++at;
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':  // not to be taken for a hyphen: it may be copied
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '"':
        result += "\\(dq";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string roff_marked(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_of("`*"), text.size());
    const std::string_view mark = mark_at(text.substr(begin));
    const std::size_t inside = begin + mark.size();
    const std::size_t end = mark.empty() ? std::string_view::npos : text.find(mark, inside);
    if (end == std::string_view::npos) {
      // No mark, or one that is never closed and so means itself.
      result += roff_text(text.substr(0, inside));
      text.remove_prefix(inside);
      continue;
    }
    result += roff_text(text.substr(0, begin));
    result += mark == "*" ? "\\fI" : "\\fB";
    result += roff_text(text.substr(inside, end - inside)) + "\\fR";
    text.remove_prefix(end + mark.size());
  }
  return result;
}

std::string roff_of_markdown(std::string_view markdown) {
  return MarkdownReader(markdown).read();
}

}  // namespace sluice
