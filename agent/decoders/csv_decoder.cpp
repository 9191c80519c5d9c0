#include "decoders/csv_decoder.h"

#include "core/json_text.h"
#include "decoders/name_set.h"
#include "decoders/original.h"
#include "decoders/plain_value.h"
#include "decoders/record_output.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum class EndsWith { Delimiter, Line, Payload, Mistake };

struct Value {
  std::string_view text;   // between the quotes; a quote within is still two
  bool is_quoted = false;  // has quotes around it
  EndsWith ends = EndsWith::Payload;
};

// Walks over the values of a payload.
class Scanner {
 public:
  Scanner(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {}

  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::string_view text_since(std::size_t start) const {
    std::string_view line = text_.substr(start, at_ - start);
    while (line.ends_with('\n') || line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    return line;
  }

  // Goes over line breaks without anything between them.
  void skip_empty_lines() {
    while (!done() && (text_[at_] == '\n' || text_.substr(at_).starts_with("\r\n"))) {
      at_ += text_[at_] == '\n' ? 1U : 2U;
    }
  }

  void skip_line() {
    const std::size_t end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
  }

  void skip_everything() { at_ = text_.size(); }

  Value next() {
    if (!done() && text_[at_] == '"') {
      return quoted();
    }
    Value value;
    const std::size_t start = at_;
    while (!done() && text_[at_] != delimiter_ && text_[at_] != '\n') {
      ++at_;
    }
    value.text = text_.substr(start, at_ - start);
    const bool at_line_end = done() || text_[at_] == '\n';
    if (at_line_end && value.text.ends_with('\r')) {
      value.text.remove_suffix(1);
    }
    value.ends = pass_end();
    return value;
  }

 private:
  Value quoted() {
    Value value{.text = {}, .is_quoted = true, .ends = EndsWith::Mistake};
    const std::size_t start = ++at_;
    for (std::size_t quote = text_.find('"', at_);; quote = text_.find('"', quote + 2)) {
      if (quote == std::string_view::npos) {
        skip_everything();
        return value;
      }
      if (!text_.substr(quote + 1).starts_with('"')) {
        value.text = text_.substr(start, quote - start);
        at_ = quote + 1;
        break;
      }
    }
    if (text_.substr(at_).starts_with("\r\n") || text_.substr(at_) == "\r") {
      ++at_;
    }
    value.ends = pass_end();
    if (value.ends == EndsWith::Mistake) {
      skip_line();
    }
    return value;
  }

  EndsWith pass_end() {
    if (done()) {
      return EndsWith::Payload;
    }
    if (text_[at_] != delimiter_ && text_[at_] != '\n') {
      return EndsWith::Mistake;
    }
    const bool is_line = text_[at_++] == '\n';
    return is_line ? EndsWith::Line : EndsWith::Delimiter;
  }

  std::string_view text_;
  char delimiter_;
  std::size_t at_ = 0;
};

// The contents of a value with quotes, of which those within stand there twice.
void append_doubled(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t quote = text.find('"'); quote != std::string_view::npos;
       quote = text.find('"')) {
    append_escaped(text.substr(0, quote + 1), out);
    text.remove_prefix(quote + 2);
  }
  append_escaped(text, out);
  out += '"';
}

void append_value(const Value& value, std::string& out) {
  if (value.is_quoted) {
    append_doubled(value.text, out);
  } else if (value.text.empty()) {
    out += "null";
  } else {
    append_plain_value(value.text, out);
  }
}

// The names of the columns, ready to be written.
class Columns {
 public:
  void clear() {
    text_.clear();
    ends_.clear();
  }

  void add(const Value& name) {
    if (!name.is_quoted && name.text.empty()) {
      text_ += "\"column_" + std::to_string(ends_.size() + 1) + '"';
    } else {
      append_doubled_or_plain(name);
    }
    ends_.push_back(text_.size());
  }

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view key(std::size_t index) const {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(start, ends_[index] - start);
  }

  bool are_different() {
    names_.clear();
    for (std::size_t i = 0; i < size(); ++i) {
      if (!names_.insert(key(i))) {
        return false;
      }
    }
    return true;
  }

 private:
  void append_doubled_or_plain(const Value& name) {
    if (name.is_quoted) {
      append_doubled(name.text, text_);
    } else {
      append_string(name.text, text_);
    }
  }

  std::string text_;
  std::vector<std::size_t> ends_;
  NameSet names_;
};

class CsvDecoder final : public Decoder {
 public:
  explicit CsvDecoder(const CsvOptions& options)
      : delimiter_(options.delimiter), has_header_(options.header.empty()) {
    for (const std::string& name : options.header) {
      columns_.add({.text = name});
    }
  }

  void decode(const Message& message, std::vector<Record>& records) override {
    if (add_if_cut(message, records)) {
      return;
    }
    if (!is_valid_utf8(message.payload)) {
      records.push_back(original(message, message.payload, "invalid_utf8"));
      return;
    }
    std::string_view text = message.payload;
    if (text.starts_with(kByteOrderMark)) {
      text.remove_prefix(kByteOrderMark.size());
    }
    Scanner scanner(text, delimiter_);
    scanner.skip_empty_lines();
    if (has_header_ && !scanner.done()) {
      if (const std::string_view error = read_columns(scanner); !error.empty()) {
        records.push_back(original(message, message.payload, error));
        return;
      }
    }
    decode_lines(message, scanner, records);
  }

 private:
  // What is wrong with the first line; empty if nothing is.
  std::string_view read_columns(Scanner& scanner) {
    columns_.clear();
    for (EndsWith end = EndsWith::Delimiter; end == EndsWith::Delimiter;) {
      const Value name = scanner.next();
      columns_.add(name);
      end = name.ends;
      if (end == EndsWith::Mistake) {
        return "invalid_csv";
      }
    }
    scanner.skip_empty_lines();
    if (scanner.done()) {
      return "no_rows";
    }
    return columns_.are_different() ? "" : "duplicate_column";
  }

  void decode_lines(const Message& message, Scanner& scanner, std::vector<Record>& records) {
    output_.begin(message, records);
    while (!scanner.done()) {
      const std::size_t start = scanner.position();
      std::string_view error = decode_line(scanner);
      if (output_.full()) {
        error = "too_large";
        scanner.skip_everything();
      }
      if (error.empty()) {
        output_.add(message.received);
      } else {
        output_.drop();
        records.push_back(original(message, scanner.text_since(start), error));
      }
      scanner.skip_empty_lines();
    }
    output_.finish();
  }

  std::string_view decode_line(Scanner& scanner) {
    std::string& out = output_.text();
    out += '{';
    std::size_t column = 0;
    for (EndsWith end = EndsWith::Delimiter; end == EndsWith::Delimiter; ++column) {
      const Value value = scanner.next();
      end = value.ends;
      if (end == EndsWith::Mistake) {
        return "invalid_csv";
      }
      if (column < columns_.size()) {
        out += column == 0 ? "" : ",";
        out += columns_.key(column);
        out += ':';
        append_value(value, out);
      }
    }
    out += '}';
    return column == columns_.size() ? "" : "wrong_column_count";
  }

  char delimiter_;
  bool has_header_;  // in each payload
  Columns columns_;
  RecordOutput output_;
};

}  // namespace

std::unique_ptr<Decoder> make_csv_decoder(const CsvOptions& options) {
  return std::make_unique<CsvDecoder>(options);
}

}  // namespace sluice
