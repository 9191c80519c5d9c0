#include "config/effective.h"

#include "config/field_search.h"
#include "config/fields.h"
#include "config/scalars.h"
#include "core/json_text.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::configuration {

namespace {

std::string list_of(const std::vector<std::string>& items) {
  std::string text = "[";
  const char* comma = "";
  for (const std::string& item : items) {
    text += std::exchange(comma, ", ") + sluice::quoted(item);
  }
  return text + ']';
}

std::string number_of(const Field& field, std::int64_t number) {
  switch (field.kind) {
    case FieldKind::Duration:
      return field.may_be_off && number == 0 ? "off"
                                             : duration_text(std::chrono::milliseconds(number));
    case FieldKind::Size:
      return size_text(number);
    case FieldKind::Choice:
      return sluice::quoted(field.words.at(static_cast<std::size_t>(number)));
    default:
      return std::to_string(number);
  }
}

// What a field has if nothing is said: texts in quotes, the rest as it is.
std::string default_of(const Field& field) {
  const bool bare = field.kind == FieldKind::Boolean || field.kind == FieldKind::Integer ||
                    field.kind == FieldKind::Number || field.kind == FieldKind::Duration ||
                    field.kind == FieldKind::Size;
  return bare || field.default_value.empty() ? field.default_value
                                             : sluice::quoted(field.default_value);
}

// Without the password.
std::string url_text(const Url& url) {
  const std::string who =
      url.user.empty() ? "" : url.user + (url.password.empty() ? "@" : ":******@");
  return url.scheme + "://" + who + url.authority() + (url.target == "/" ? "" : url.target);
}

class EffectiveWriter {
 public:
  explicit EffectiveWriter(const Reading& reading) : reading_(reading) {}

  void section(const std::vector<Field>& fields, const std::string& path, std::size_t depth) {
    for (const Field& field : in_force(fields, path)) {
      write(field, field.name, below(path, field.name), depth);
    }
  }

  // A field that stands at `path` under `name`.
  void write(const Field& field, const std::string& name, const std::string& path,
             std::size_t depth) {
    switch (field.kind) {
      case FieldKind::Section:
        part(name, depth, [&] { section(field.fields, path, depth + 1); });
        return;
      case FieldKind::Named:
        part(name, depth, [&] { entries(field, path, depth + 1); });
        return;
      case FieldKind::Items:
        part(name, depth, [&] { items(field, path, depth + 1); });
        return;
      case FieldKind::Steps:
        part(name, depth, [&] { steps(field, path, depth + 1); });
        return;
      case FieldKind::TextMap:
        part(name, depth, [&] { pairs(path, depth + 1); });
        return;
      case FieldKind::Unsupported:
        return;
      default:
        value(field, name, path, depth);
    }
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] std::vector<Field> in_force(const std::vector<Field>& fields,
                                            const std::string& path) const {
    const auto selector = std::ranges::find_if(fields, &Field::selects_section);
    if (selector == fields.end()) {
      return fields;
    }
    for (const std::string& word : selector->words) {
      const auto said = reading_.values.find(path + '.' + selector->name);
      if (said != reading_.values.end() && said->second == sluice::quoted(word)) {
        return with_alternative(fields, word);
      }
    }
    return with_alternative(fields, selector->default_value);
  }

  void entries(const Field& field, const std::string& path, std::size_t depth) {
    for (const std::string& name : names_at(path)) {
      const std::vector<Field> fields = field.entry(name);
      const std::string key = field.check_entry == nullptr ? name : sluice::quoted(name);
      if (const Field* const whole = whole_entry(fields)) {
        write(*whole, key, below(path, name), depth);
      } else {
        part(key, depth, [&] { section(fields, below(path, name), depth + 1); });
      }
    }
  }

  void items(const Field& field, const std::string& path, std::size_t depth) {
    for (std::size_t i = 0;; ++i) {
      const std::string item = path + '[' + std::to_string(i) + ']';
      if (!reading_.names.contains(item)) {
        return;
      }
      text_ += std::string(2 * depth, ' ') + "-\n";
      section(field.entry(""), item, depth + 1);
    }
  }

  // Each as an item with the "- " in front of its kind.
  void steps(const Field& field, const std::string& path, std::size_t depth) {
    for (std::size_t i = 0;; ++i) {
      const std::string item = path + '[' + std::to_string(i) + ']';
      const std::vector<std::string> kinds = names_at(item);
      if (kinds.empty()) {
        return;
      }
      const std::vector<Field> fields = field.entry("");
      const Field* const kind = find_field(fields, kinds.front());
      const std::size_t start = text_.size();
      const std::size_t said_before = said_;
      write(*kind, kind->name, below(item, kind->name), depth + 1);
      if (said_ == said_before) {  // a step that needs no options
        text_.resize(start);
        line(kind->name, "{}", depth + 1);
      }
      text_.replace(start + 2 * depth, 2, "- ");
    }
  }

  void pairs(const std::string& path, std::size_t depth) {
    for (const std::string& name : names_at(path)) {
      line(sluice::quoted(name), reading_.values.at(below(path, name)), depth);
    }
  }

  [[nodiscard]] std::vector<std::string> names_at(const std::string& path) const {
    const auto names = reading_.names.find(path);
    return names == reading_.names.end() ? std::vector<std::string>() : names->second;
  }

  void value(const Field& field, const std::string& name, const std::string& path,
             std::size_t depth) {
    const auto said = reading_.values.find(path);
    if (said != reading_.values.end()) {
      line(name, said->second, depth);
    } else if (const std::string by_default = default_of(field); !by_default.empty()) {
      text_ += std::string(2 * depth, ' ') + "# " + name + ": " + by_default + '\n';
    }
  }

  // A key with something below it, unless there is nothing.
  template <class Write>
  void part(const std::string& name, std::size_t depth, Write write) {
    std::string before = std::exchange(text_, {});
    const std::size_t said_before = said_;
    write();
    if (!text_.empty()) {
      before += std::string(2 * depth, ' ') + (said_ == said_before ? "# " : "") + name + ":\n";
    }
    text_ = before + text_;
  }

  void line(const std::string& name, const std::string& value, std::size_t depth) {
    if (!value.empty()) {
      ++said_;
      text_ += std::string(2 * depth, ' ') + name + ": " + value + '\n';
    }
  }

  const Reading& reading_;
  std::string text_;
  std::size_t said_ = 0;  // lines that are not comments
};

struct Written {
  const Field& field;

  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return number_of(field, value); }
  std::string operator()(double value) const {
    std::string text;
    append_number(value, text);
    return text;
  }
  std::string operator()(const std::string& value) const { return sluice::quoted(value); }
  std::string operator()(const std::vector<std::string>& value) const { return list_of(value); }
  std::string operator()(const Pairs& /*pairs*/) const { return {}; }  // each has a line of its own
  std::string operator()(const Url& value) const { return sluice::quoted(url_text(value)); }
  std::string operator()(const std::vector<Url>& value) const {
    std::vector<std::string> texts;
    std::ranges::transform(value, std::back_inserter(texts), url_text);
    return list_of(texts);
  }
};

}  // namespace

std::string as_written(const Field& field, const FieldValue& value) {
  return std::visit(Written{field}, value);
}

std::string effective_yaml(const Reading& reading) {
  Config config;
  EffectiveWriter writer(reading);
  writer.section(config_fields(config), "", 0);
  return writer.text();
}

}  // namespace sluice::configuration
