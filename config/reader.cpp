#include "config/reader.h"

#include "config/convert.h"
#include "config/effective.h"
#include "config/entries.h"
#include "config/field_search.h"
#include "config/rules.h"
#include "config/value_reader.h"

#include <algorithm>
#include <optional>
#include <set>

namespace sluice::configuration {

namespace {

using Entry = YamlNode::Entry;
using Kind = YamlNode::Kind;

class Reader {
 public:
  explicit Reader(Findings& findings) : findings_(findings), one_(findings) {}

  void read_section(const std::vector<Field>& fields, const YamlNode& node, Place place,
                    const std::string& path) {
    const YamlNode& content = node.content();
    if (content.kind != Kind::Map && content.kind != Kind::Null) {
      if (std::ranges::any_of(fields, holds_secret)) {
        one_.hide(node);
      }
      findings_.error(node.place, path,
                      "must be a section with keys of its own: " + known_keys(fields));
      return;
    }
    const std::vector<Entry> entries = entries_of(content, path, one_.budget, findings_);
    for (const Field& field : read_entries(fields, entries, path)) {
      const bool other = !field.unless.empty() && has_key(entries, field.unless);
      if (field.required && !other && !has_key(entries, field.name)) {
        findings_.error(place, below(path, field.name), "is missing, add it: " + field.help);
      }
    }
  }

  [[nodiscard]] bool exhausted() const { return one_.budget == 0; }
  Reading take() { return std::move(one_.reading); }

 private:
  // Returns the fields there are in this section; without those of a kind, if it is not known.
  std::vector<Field> read_entries(const std::vector<Field>& fields,
                                  const std::vector<Entry>& entries, const std::string& path) {
    const Entry* selector = find_selector(fields, entries);
    const auto known = fields_in_force(fields, selector, path);
    for (const Entry& entry : entries) {
      if (&entry == selector) {
        continue;
      }
      if (known || find_field(fields, entry.key->content().text) != nullptr) {
        read_entry(known ? *known : fields, entry, path);
      } else {
        one_.hide(*entry.value);  // perhaps of that kind
      }
    }
    return known ? *known : fields;
  }

  // With those that the selector's value, or its default, brings with it.
  std::optional<std::vector<Field>> fields_in_force(std::vector<Field> fields,
                                                    const Entry* selector,
                                                    const std::string& path) {
    const auto field = std::ranges::find_if(fields, &Field::selects_section);
    if (field == fields.end()) {
      return fields;
    }
    std::string word = field->default_value;
    if (selector != nullptr) {
      if (!read_entry(fields, *selector, path)) {
        return std::nullopt;
      }
      word = selected_;
    }
    return with_alternative(std::move(fields), word);
  }

  static bool has_key(const std::vector<Entry>& entries, const std::string& name) {
    return std::ranges::any_of(
        entries, [&](const Entry& entry) { return entry.key->content().text == name; });
  }

  static const Entry* find_selector(const std::vector<Field>& fields,
                                    const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      const Field* field = find_field(fields, entry.key->content().text);
      if (field != nullptr && field->selects_section) {
        return &entry;
      }
    }
    return nullptr;
  }

  bool read_entry(const std::vector<Field>& fields, const Entry& entry, const std::string& path) {
    if (!one_.spend()) {
      return false;
    }
    const std::string& name = entry.key->content().text;
    const std::string entry_path = below(path, name);
    const Field* field = find_field(fields, name);
    if (field == nullptr) {
      refuse_unknown(fields, entry, entry_path);
      return false;
    }
    one_.reading.places.try_emplace(entry_path, entry.value->content().kind == Kind::Null
                                                    ? entry.key->place
                                                    : entry.value->place);
    return read_field(*field, entry, entry_path);
  }

  bool read_field(const Field& field, const Entry& entry, const std::string& path) {
    switch (field.kind) {
      case FieldKind::Section:
        read_section(field.fields, *entry.value, entry.key->place, path);
        return true;
      case FieldKind::Named:
        return read_named(field, entry, path);
      case FieldKind::TextList:
        return one_.read_list(field, entry, path);
      case FieldKind::TextMap:
        return one_.read_map(field, entry, path);
      case FieldKind::Items:
      case FieldKind::Steps:
        return read_items(field, entry, path);
      case FieldKind::Data:
        return one_.read_data(field, entry, path);
      case FieldKind::Unsupported:
        return read_unsupported(field, entry, path);
      case FieldKind::Text:
      case FieldKind::Secret:
      case FieldKind::Url:
      case FieldKind::Boolean:
      case FieldKind::Integer:
      case FieldKind::Number:
      case FieldKind::Duration:
      case FieldKind::Size:
      case FieldKind::Choice:
        break;
    }
    const auto value = one_.value_of(field, *entry.value, entry.key->place, path);
    if (value) {
      field.store(*value);
      one_.reading.values.try_emplace(
          path, field.kind == FieldKind::Secret ? kMasked : as_written(field, *value));
    }
    if (value && field.selects_section) {
      selected_ = field.words.at(static_cast<std::size_t>(std::get<std::int64_t>(*value)));
    }
    return value.has_value();
  }

  void refuse_unknown(const std::vector<Field>& fields, const Entry& entry,
                      const std::string& path) {
    const std::string& name = entry.key->content().text;
    const Suggestion meant = suggestion(name, fields);
    if (meant.field == nullptr || holds_secret(*meant.field) || is_secret_header(name)) {
      one_.hide(*entry.value);
    }
    findings_.error(entry.key->place, path, "unknown key" + meant.words);
  }

  bool read_unsupported(const Field& field, const Entry& entry, const std::string& path) {
    const YamlNode& content = entry.value->content();
    const bool harmless = content.kind == Kind::Scalar &&
                          std::ranges::find(field.words, content.text) != field.words.end();
    if (harmless) {
      return true;
    }
    if (field.may_hold_secrets) {
      one_.hide(*entry.value);
    }
    findings_.error(
        entry.key->place, path,
        "is not supported by this version" +
            (field.words.empty() ? ": remove it" : ": remove it, or write " + joined(field.words)));
    return false;
  }

  bool read_named(const Field& field, const Entry& entry, const std::string& path) {
    const YamlNode& content = entry.value->content();
    if (content.kind != Kind::Map && content.kind != Kind::Null) {
      findings_.error(entry.value->place, path, "must be a section with a key for each name");
      return false;
    }
    const std::vector<Entry> entries = entries_of(content, path, one_.budget, findings_);
    if (entries.empty() && field.required) {
      findings_.error(entry.key->place, path, "is empty, add at least one: " + field.help);
    }
    for (const Entry& one : entries) {
      if (!one_.spend()) {
        return false;
      }
      const std::string& name = one.key->content().text;
      const std::string one_path = below(path, name);
      const TextCheck check = field.check_entry != nullptr ? field.check_entry : check_name;
      if (const Status valid = check(name); !valid) {
        findings_.error(one.key->place, one_path, quoted(name) + ' ' + valid.error().message);
      }
      one_.reading.places.try_emplace(one_path, one.key->place);
      one_.reading.names[path].push_back(name);
      const std::vector<Field> fields = field.entry(name);
      if (const Field* const whole = whole_entry(fields)) {
        read_field(*whole, one, one_path);
      } else {
        read_section(fields, *one.value, one.key->place, one_path);
      }
    }
    return true;
  }

  bool read_items(const Field& field, const Entry& entry, const std::string& path) {
    const YamlNode& content = entry.value->content();
    if (content.kind != Kind::List) {
      findings_.error(content.kind == Kind::Null ? entry.key->place : entry.value->place, path,
                      "must be a list: one behind the other, each with a \"- \" in front");
      return false;
    }
    for (std::size_t i = 0; i < content.items.size() && one_.spend(); ++i) {
      const YamlNode& item = *content.items[i];
      const std::string item_path = path + '[' + std::to_string(i) + ']';
      one_.reading.places.try_emplace(item_path, item.place);
      const std::vector<Field> fields = field.entry("");
      if (field.kind == FieldKind::Steps) {
        read_step(fields, item, item_path);
      } else {
        one_.reading.names[item_path];
        read_section(fields, item, item.place, item_path);
      }
    }
    return true;
  }

  // A map with one key, which says what kind of step it is.
  void read_step(const std::vector<Field>& kinds, const YamlNode& item, const std::string& path) {
    const YamlNode& content = item.content();
    if (content.kind != Kind::Map) {
      one_.hide(item);
      findings_.error(item.place, path,
                      "must be a step of the form \"kind: …\"; known: " + known_keys(kinds));
      return;
    }
    const std::vector<Entry> entries = entries_of(content, path, one_.budget, findings_);
    if (entries.size() != 1) {
      findings_.error(
          entries.size() < 2 ? item.place : entries[1].key->place, path,
          "must have one key, which says what the step does: begin each step with \"- \"");
    }
    for (const Entry& entry : entries) {
      const Field* const kind = find_field(kinds, entry.key->content().text);
      if (read_entry(kinds, entry, path) && kind->chosen) {
        kind->chosen();
        one_.reading.names[path].push_back(kind->name);
      }
    }
  }

  Findings& findings_;
  ValueReader one_;
  std::string selected_;  // the word that a selector was given last
};

}  // namespace

Reading read_fields(const Document& document, const std::vector<Field>& fields,
                    Findings& findings) {
  Reader reader(findings);
  reader.read_section(fields, *document.root, {}, "");
  if (reader.exhausted()) {
    findings.error({}, "", "the file describes too much, perhaps by its aliases: make it smaller");
  }
  return reader.take();
}

}  // namespace sluice::configuration
