#include "core/json_text.h"
#include "transforms/regex.h"
#include "transforms/text_steps.h"
#include "transforms/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 4> kTypes = {"text", "int", "real", "bool"};  // as the enum

// All of the text, a plus sign before it included; nothing if it is no such number.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

template <class Number>
std::string_view put_if_number(std::string_view text, Arena& arena) {
  const std::optional<Number> number = number_of<Number>(text);
  if (!number) {
    return "null";
  }
  std::string& json = arena.scratch();
  append_number(*number, json);  // null if it is not finite
  return arena.put(json);
}

// Of a text in which nothing needs an escape.
std::string_view put_quoted(std::string_view text, Arena& arena) {
  char* const json = arena.need(text.size() + 2);
  json[0] = '"';
  std::ranges::copy(text, json + 1);
  json[text.size() + 1] = '"';
  return {json, text.size() + 2};
}

std::string_view json_of(std::string_view text, TextType type, bool plain, Arena& arena) {
  switch (type) {
    case TextType::Text:
      return plain ? put_quoted(text, arena) : put_text(text, arena);
    case TextType::Int:
      return put_if_number<std::int64_t>(text, arena);
    case TextType::Real:
      return put_if_number<double>(text, arena);
    case TextType::Bool:
      if (text == "true" || text == "1") {
        return "true";
      }
      return text == "false" || text == "0" ? "false" : "null";
  }
  return "null";
}

class Parse final : public Step {
 public:
  Parse(const ParseOptions& options, Regex regex)
      : key_(key_text(options.field)), keep_(options.keep), regex_(std::move(regex)) {
    for (const Regex::NamedGroup& group : regex_.named_groups()) {
      const auto type =
          std::ranges::find(options.types, group.name, &std::pair<std::string, TextType>::first);
      groups_.push_back(
          {group.number, group.name, type != options.types.end() ? type->second : TextType::Text});
      keep_ = keep_ || group.name == key_;  // it is replaced
    }
  }

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      const RecordField* const field = batch.find(row, key_);
      const auto text = field != nullptr ? text_in(field->value, unescaped_) : std::nullopt;
      if (text) {
        const bool plain = text->data() != unescaped_.data();  // as it stands in the JSON text
        parse(batch, row, *text, plain);
      }
    });
  }

 private:
  struct Group {
    std::uint32_t number;
    std::string key;  // a name of a group needs no escapes
    TextType type;
  };

  void parse(RowBatch& batch, Row& row, std::string_view text, bool plain) {
    switch (regex_.find(text)) {
      case Regex::Outcome::NoMatch:
        return RowBatch::fail(row, "parse", "no_match");
      case Regex::Outcome::Limit:
        return RowBatch::fail(row, "parse", "match_limit");
      case Regex::Outcome::Match:
        break;
    }
    if (!keep_) {
      batch.remove(row, key_);
    }
    const bool alone = row.count == 0;  // as a line of a log is
    for (const Group& group : groups_) {
      if (const auto part = regex_.group(group.number)) {
        const std::string_view value = json_of(*part, group.type, plain, batch.arena());
        alone ? batch.append(row, group.key, value) : batch.set(row, group.key, value);
      }
    }
  }

  std::string key_;
  bool keep_;
  Regex regex_;
  std::vector<Group> groups_;
  std::string unescaped_;
};

}  // namespace

std::optional<TextType> text_type(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name);
  return found != kTypes.end() ? std::optional(static_cast<TextType>(found - kTypes.begin()))
                               : std::nullopt;
}

Result<std::unique_ptr<Step>> make_parse(const ParseOptions& options) {
  Result<Regex> regex = Regex::compile(options.pattern);
  if (!regex) {
    return regex.error();
  }
  const auto& groups = regex->named_groups();
  if (groups.empty()) {
    return Error{Reaction::Reject, "the pattern has no named group: write (?<name>…)"};
  }
  for (const auto& [name, type] : options.types) {
    if (std::ranges::find(groups, name, &Regex::NamedGroup::name) == groups.end()) {
      return Error{Reaction::Reject,
                   "the pattern has no group " + name + " that could have a type"};
    }
  }
  return std::unique_ptr<Step>(std::make_unique<Parse>(options, *std::move(regex)));
}

}  // namespace sluice
