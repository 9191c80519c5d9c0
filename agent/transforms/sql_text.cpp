#include "transforms/sql_text.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// As SQLite sees it: anything beyond ASCII is a letter.
bool is_word(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  SqlToken next() {
    skip_space_and_comments();
    if (at_ == sql_.size()) {
      return {SqlTokenKind::End, {}, at_};
    }
    const char c = sql_[at_];
    if (c == '\'') {
      return quoted(SqlTokenKind::Text, '\'');
    }
    if (c == '"' || c == '`' || c == '[') {
      return quoted(SqlTokenKind::Name, c == '[' ? ']' : c);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      return take(SqlTokenKind::Number, [](char each) { return is_word(each) || each == '.'; });
    }
    if (is_word(c)) {
      return take(SqlTokenKind::Word, is_word);
    }
    return symbol();
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead) const {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }

  void skip_to(std::string_view end) {
    const std::size_t found = sql_.find(end, at_ + 2);
    at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
  }

  void skip_space_and_comments() {
    while (at_ < sql_.size()) {
      if (peek(0) == '-' && peek(1) == '-') {
        skip_to("\n");
      } else if (peek(0) == '/' && peek(1) == '*') {
        skip_to("*/");
      } else if (std::string_view(" \t\r\n\f").find(peek(0)) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  // The quote written twice stands for itself; the two parts are taken for two tokens.
  SqlToken quoted(SqlTokenKind kind, char quote) {
    const std::size_t start = at_;
    const std::size_t end = std::min(sql_.find(quote, start + 1), sql_.size());
    at_ = std::min(end + 1, sql_.size());
    return {kind, sql_.substr(start + 1, end - start - 1), start};
  }

  template <class Belongs>
  SqlToken take(SqlTokenKind kind, Belongs belongs) {
    const std::size_t start = at_;
    while (at_ < sql_.size() && belongs(sql_[at_])) {
      ++at_;
    }
    return {kind, sql_.substr(start, at_ - start), start};
  }

  SqlToken symbol() {
    static constexpr std::array<std::string_view, 9> kLong = {
        "->>", "->", "<=", ">=", "==", "<>", "!=", "||", "<<"};
    const std::size_t start = at_;
    const std::string_view rest = sql_.substr(start);
    const auto* const found = std::ranges::find_if(
        kLong, [rest](std::string_view each) { return rest.starts_with(each); });
    const std::size_t length = found != kLong.end() ? found->size() : 1;
    at_ += length;
    return {SqlTokenKind::Symbol, rest.substr(0, length), start};
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

bool computes(const SqlToken& token) {
  static constexpr std::array<std::string_view, 13> kSymbols = {
      "<", ">", "<=", ">=", "=", "==", "<>", "!=", "+", "-", "*", "/", "%"};
  if (token.kind == SqlTokenKind::Word) {
    return same_word(token.text, "between");
  }
  return token.kind == SqlTokenKind::Symbol &&
         std::ranges::find(kSymbols, token.text) != kSymbols.end();
}

bool names(const SqlToken& token, std::string_view name) {
  return (token.kind == SqlTokenKind::Word || token.kind == SqlTokenKind::Name) &&
         same_word(token.text, name);
}

}  // namespace

std::vector<SqlToken> sql_tokens(std::string_view sql) {
  std::vector<SqlToken> tokens;
  Scanner scanner(sql);
  for (SqlToken token = scanner.next(); token.kind != SqlTokenKind::End; token = scanner.next()) {
    tokens.push_back(token);
  }
  return tokens;
}

bool same_word(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::optional<std::size_t> unmatched_bracket(std::string_view sql) {
  std::size_t open = 0;
  for (const SqlToken& token : sql_tokens(sql)) {
    if (token.kind != SqlTokenKind::Symbol) continue;
    if (token.text == "(") {
      ++open;
    } else if (token.text == ")" && open-- == 0) {
      return token.at;
    }
  }
  return std::nullopt;
}

std::optional<std::string> use_with_number(std::string_view sql, std::string_view name) {
  const std::vector<SqlToken> tokens = sql_tokens(sql);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const SqlToken& left = tokens[i];
    const SqlToken& right = tokens[i + 2];
    const bool number_right = names(left, name) && right.kind == SqlTokenKind::Number;
    const bool number_left = left.kind == SqlTokenKind::Number && names(right, name);
    if (computes(tokens[i + 1]) && (number_right || number_left)) {
      const std::size_t end = static_cast<std::size_t>(right.text.data() - sql.data()) +
                              right.text.size() + (right.kind == SqlTokenKind::Name ? 1 : 0);
      return std::string(sql.substr(left.at, end - left.at));
    }
  }
  return std::nullopt;
}

bool selects_everything(std::string_view sql) {
  const std::vector<SqlToken> tokens = sql_tokens(sql);
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const SqlToken& before = tokens[i - 1];
    const bool star = tokens[i].kind == SqlTokenKind::Symbol && tokens[i].text == "*";
    if (star && (before.text == "." || before.text == "," || same_word(before.text, "select"))) {
      return true;
    }
  }
  return false;
}

}  // namespace sluice
