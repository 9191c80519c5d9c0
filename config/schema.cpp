#include "config/schema.h"

#include "config/field_search.h"
#include "config/fields.h"
#include "core/json_text.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace {

using configuration::Field;
using configuration::FieldKind;

// A value that is replaced when the file is read may stand wherever a single value may.
constexpr std::string_view kReplaced = R"({"type": "string", "pattern": "\\$\\{"})";
// YAML takes 7 and true for more than text; we do not.
constexpr std::string_view kText = R"({"type": ["string", "number", "boolean"]})";
constexpr std::string_view kName = R"({"pattern": "^[A-Za-z0-9_-]{1,64}$"})";
constexpr std::string_view kDuration = "^[0-9]+(ms|s|m|h|d)$";
constexpr std::string_view kSize = "^[0-9]+(B|KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB)$";

using Members = std::vector<std::pair<std::string, std::string>>;

std::string object(const Members& members) {
  std::string json = "{";
  std::string_view comma;
  for (const auto& [name, value] : members) {
    json += std::string(std::exchange(comma, ", ")) + quoted(name) + ": " + value;
  }
  return json + '}';
}

std::string list(const std::vector<std::string>& items) {
  std::string json = "[";
  std::string_view comma;
  for (const std::string& item : items) {
    json += std::string(std::exchange(comma, ", ")) + item;
  }
  return json + ']';
}

std::string matching(std::string_view pattern) {
  return object({{"type", quoted("string")}, {"pattern", quoted(std::string(pattern))}});
}

// YAML reads 5 as a number and "5" as a text; both are fine.
bool looks_like_integer(const std::string& word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

std::string one_of_words(const std::vector<std::string>& words) {
  std::vector<std::string> values;
  for (const std::string& word : words) {
    values.push_back(quoted(word));
    if (looks_like_integer(word)) {
      values.push_back(word);
    }
    if (word == "off") {
      values.emplace_back("false");  // for those who read YAML 1.1
    }
  }
  return object({{"enum", list(values)}});
}

std::string integer_schema(const Field& field) {
  return object({{"type", quoted("integer")},
                 {"minimum", std::to_string(field.range.min)},
                 {"maximum", std::to_string(field.range.max)}});
}

std::string url_schema(const Field& field) {
  std::string schemes;
  for (const std::string& scheme : field.words) {
    schemes += (schemes.empty() ? "" : "|") + scheme;
  }
  return matching("^(" + schemes + ")://");
}

// What a single value of these kinds may be when nothing in it is to be replaced.
std::string value_schema(const Field& field) {
  switch (field.kind) {
    case FieldKind::Url:
      return url_schema(field);
    case FieldKind::Boolean:
      return object({{"type", quoted("boolean")}});
    case FieldKind::Integer:
      return integer_schema(field);
    case FieldKind::Number:
      return object({{"type", quoted("number")}});
    case FieldKind::Duration:
      return field.may_be_off
                 ? object({{"anyOf", list({matching(kDuration), one_of_words({"off"})})}})
                 : matching(kDuration);
    case FieldKind::Size:
      return matching(kSize);
    case FieldKind::Choice:
    case FieldKind::Unsupported:
      return one_of_words(field.words);
    default:
      return std::string(kText);
  }
}

class SchemaWriter {
 public:
  // A section with these fields.
  std::string section(const std::vector<Field>& fields) {
    Members members{{"type", quoted("object")}, {"properties", properties(fields)}};
    if (const std::string required = required_of(fields); required != "[]") {
      members.emplace_back("required", required);
    }
    const auto selector = std::ranges::find_if(fields, &Field::selects_section);
    if (selector != fields.end() && !selector->alternatives.empty()) {
      members.emplace_back("allOf", alternatives(*selector));
    }
    members.emplace_back("unevaluatedProperties", "false");
    return object(members);
  }

  // What section() refers to, so to be called last.
  [[nodiscard]] std::string definitions() const {
    Members members;
    for (const std::string& schema : definitions_) {
      members.emplace_back("section" + std::to_string(members.size()), schema);
    }
    return object(members);
  }

 private:
  std::string properties(const std::vector<Field>& fields) {
    Members members;
    for (const Field& field : fields) {
      if (field.kind != FieldKind::Unsupported || !field.words.empty()) {
        members.emplace_back(field.name, described(field));
      }
    }
    return object(members);
  }

  static std::string required_of(const std::vector<Field>& fields) {
    std::vector<std::string> names;
    for (const Field& field : fields) {
      if (field.required && field.unless.empty()) {
        names.push_back(quoted(field.name));
      }
    }
    return list(names);
  }

  // "If type is kafka, then there are also these." The first word is the default, so its part also
  // holds when nothing is said.
  std::string alternatives(const Field& selector) {
    std::vector<std::string> rules;
    for (std::size_t i = 0; i < selector.alternatives.size(); ++i) {
      const std::string& word = selector.words.at(i);
      Members condition{
          {"properties", object({{selector.name, object({{"const", quoted(word)}})}})}};
      if (word != selector.default_value) {
        condition.emplace_back("required", list({quoted(selector.name)}));
      }
      const std::vector<Field>& fields = selector.alternatives[i];
      Members consequence{{"properties", properties(fields)}};
      if (const std::string required = required_of(fields); required != "[]") {
        consequence.emplace_back("required", required);
      }
      rules.push_back(object({{"if", object(condition)}, {"then", object(consequence)}}));
    }
    return list(rules);
  }

  std::string described(const Field& field) {
    Members members{{"description", quoted(field.help)}};
    if (!field.default_value.empty()) {
      members.emplace_back("default", quoted(field.default_value));
    }
    if (field.kind == FieldKind::Secret) {
      members.emplace_back("writeOnly", "true");
    }
    describe(field, members);
    return object(members);
  }

  void describe(const Field& field, Members& members) {
    switch (field.kind) {
      case FieldKind::Section:
        members.emplace_back("$ref", define(section(field.fields)));
        break;
      case FieldKind::Named:
        members.emplace_back("type", quoted("object"));
        members.emplace_back("minProperties", "1");
        if (field.check_entry == nullptr) {
          members.emplace_back("propertyNames", std::string(kName));
        }
        members.emplace_back("additionalProperties", entry(field.entry("name")));
        break;
      case FieldKind::Data:
        break;
      case FieldKind::Items:
        members.emplace_back("type", quoted("array"));
        members.emplace_back("items", entry(field.entry("")));
        break;
      case FieldKind::Steps:
        members.emplace_back("type", quoted("array"));
        members.emplace_back("items", step(field.entry("")));
        break;
      case FieldKind::TextList:
        members.emplace_back("type", quoted("array"));
        members.emplace_back(
            "items", field.words.empty()
                         ? std::string(kText)
                         : object({{"anyOf", list({url_schema(field), std::string(kReplaced)})}}));
        break;
      case FieldKind::TextMap:
        members.emplace_back("type", quoted("object"));
        members.emplace_back("additionalProperties", std::string(kText));
        break;
      case FieldKind::Text:
      case FieldKind::Secret:
        members.emplace_back("type", list({quoted("string"), quoted("number"), quoted("boolean")}));
        break;
      default:
        members.emplace_back("anyOf", list({value_schema(field), std::string(kReplaced)}));
    }
  }

  std::string entry(const std::vector<Field>& fields) {
    if (const Field* const whole = configuration::whole_entry(fields)) {
      return described(*whole);
    }
    return object({{"$ref", define(section(fields))}});
  }

  // One of the kinds, and nothing else.
  std::string step(const std::vector<Field>& kinds) {
    return object({{"type", quoted("object")},
                   {"properties", properties(kinds)},
                   {"additionalProperties", "false"},
                   {"minProperties", "1"},
                   {"maxProperties", "1"}});
  }

  // Sections that are the same stand in the schema once.
  std::string define(const std::string& schema) {
    const auto known = std::ranges::find(definitions_, schema);
    const auto number = known - definitions_.begin();
    if (known == definitions_.end()) {
      definitions_.push_back(schema);
    }
    return quoted("#/$defs/section" + std::to_string(number));
  }

  std::vector<std::string> definitions_;
};

}  // namespace

std::string config_schema() {
  Config config;
  SchemaWriter writer;
  const std::string root = writer.section(configuration::config_fields(config));
  return R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sluice.yaml", )"
         R"("$defs": )" +
         writer.definitions() + ", " + root.substr(1) + '\n';
}

}  // namespace sluice
