#include "config/yaml_json.h"

#include "config/substitution.h"
#include "core/json_text.h"

#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace sluice::configuration {

namespace {

constexpr int kDeepest = 32;  // an alias may be a part of what it stands for

bool is_json_number(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const bool point_within =
      text.front() != '.' && text.back() != '.' && text.find("-.") == std::string::npos;
  const bool leading_zero = text.size() > 1 && text[text[0] == '-' ? 1 : 0] == '0' &&
                            text.find_first_of(".eE") == std::string::npos && text != "-0";
  return error == std::errc() && rest == end && std::isfinite(number) && point_within &&
         !leading_zero;
}

class Writer {
 public:
  explicit Writer(std::size_t& budget) : budget_(budget) {}

  Status write(const YamlNode& node, int depth) {
    const YamlNode& content = node.content();
    if (depth > kDeepest || budget_ == 0) {
      return Error{Reaction::Reject, "is nested too deeply, or too much"};
    }
    --budget_;
    switch (content.kind) {
      case YamlNode::Kind::Null:
        json += "null";
        return {};
      case YamlNode::Kind::Scalar:
        return write_scalar(content);
      case YamlNode::Kind::List:
        return write_list(content, depth);
      case YamlNode::Kind::Map:
        return write_map(content, depth);
    }
    return {};
  }

  std::string json;

 private:
  Status write_scalar(const YamlNode& content) {
    const auto text = substitute(content.text);
    if (!text) {
      return text.error();
    }
    const std::string& value = text->text;
    const bool literal = value == "true" || value == "false" || value == "null";
    if (content.plain && !value.empty() && (literal || is_json_number(value))) {
      json += value;
    } else {
      append_quoted(value, json);
    }
    return {};
  }

  Status write_list(const YamlNode& content, int depth) {
    json += '[';
    bool first = true;
    for (const YamlNode* item : content.items) {
      json += first ? "" : ",";
      first = false;
      if (Status written = write(*item, depth + 1); !written) {
        return written;
      }
    }
    json += ']';
    return {};
  }

  Status write_map(const YamlNode& content, int depth) {
    json += '{';
    bool first = true;
    for (const YamlNode::Entry& entry : content.entries) {
      json += first ? "" : ",";
      first = false;
      append_quoted(entry.key->content().text, json);
      json += ':';
      if (Status written = write(*entry.value, depth + 1); !written) {
        return written;
      }
    }
    json += '}';
    return {};
  }

  std::size_t& budget_;
};

}  // namespace

Result<std::string> json_of(const YamlNode& node, std::size_t& budget) {
  Writer writer(budget);
  if (Status written = writer.write(node, 1); !written) {
    return written.error();
  }
  return std::move(writer.json);
}

}  // namespace sluice::configuration
