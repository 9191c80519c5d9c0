#include "config/reader.h"

#include "config/convert.h"
#include "config/effective.h"
#include "config/entries.h"
#include "config/field_search.h"
#include "config/rules.h"
#include "config/secrets.h"
#include "config/substitution.h"

#include <algorithm>
#include <optional>
#include <set>

namespace sluice::configuration {

namespace {

using Entry = YamlNode::Entry;
using Kind = YamlNode::Kind;

// Values and keys that are looked at. Real files have hundreds.
constexpr std::size_t kBudget = 50'000;
constexpr const char* kMasked = "\"******\"";  // without quotes it would be an alias

std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + '.' + name;
}

class Reader {
 public:
  explicit Reader(Findings& findings) : findings_(findings), censor_(findings) {}

  void read_section(const std::vector<Field>& fields, const YamlNode& node, Place place,
                    const std::string& path) {
    const YamlNode& content = node.content();
    if (content.kind != Kind::Map && content.kind != Kind::Null) {
      if (std::ranges::any_of(fields, holds_secret)) {
        censor_.hide(node);
      }
      findings_.error(node.place, path,
                      "must be a section with keys of its own: " + known_keys(fields));
      return;
    }
    const std::vector<Entry> entries = entries_of(content, path, budget_, findings_);
    for (const Field& field : read_entries(fields, entries, path)) {
      const bool other = !field.unless.empty() && has_key(entries, field.unless);
      if (field.required && !other && !has_key(entries, field.name)) {
        findings_.error(place, below(path, field.name), "is missing, add it: " + field.help);
      }
    }
  }

  Reading reading;

  [[nodiscard]] bool exhausted() const { return budget_ == 0; }

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
        censor_.hide(*entry.value);  // perhaps of that kind
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

  bool spend() {
    if (budget_ > 0) {
      --budget_;
    }
    return budget_ > 0;
  }

  bool read_entry(const std::vector<Field>& fields, const Entry& entry, const std::string& path) {
    if (!spend()) {
      return false;
    }
    const std::string& name = entry.key->content().text;
    const std::string entry_path = below(path, name);
    const Field* field = find_field(fields, name);
    if (field == nullptr) {
      refuse_unknown(fields, entry, entry_path);
      return false;
    }
    reading.places.try_emplace(entry_path, entry.value->content().kind == Kind::Null
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
        return read_list(field, entry, path);
      case FieldKind::TextMap:
        return read_map(field, entry, path);
      case FieldKind::Unsupported:
        return read_unsupported(field, entry, path);
      case FieldKind::Text:
      case FieldKind::Secret:
      case FieldKind::Url:
      case FieldKind::Boolean:
      case FieldKind::Integer:
      case FieldKind::Duration:
      case FieldKind::Size:
      case FieldKind::Choice:
        break;
    }
    const auto value = value_of(field, *entry.value, entry.key->place, path);
    if (value) {
      field.store(*value);
      reading.values.try_emplace(
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
      censor_.hide(*entry.value);
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
      censor_.hide(*entry.value);
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
    const std::vector<Entry> entries = entries_of(content, path, budget_, findings_);
    if (entries.empty() && field.required) {
      findings_.error(entry.key->place, path, "is empty, add at least one: " + field.help);
    }
    for (const Entry& one : entries) {
      if (!spend()) {
        return false;
      }
      const std::string& name = one.key->content().text;
      const std::string one_path = below(path, name);
      if (const Status valid = check_name(name); !valid) {
        findings_.error(one.key->place, one_path, quoted(name) + ' ' + valid.error().message);
      }
      reading.places.try_emplace(one_path, one.key->place);
      reading.names[path].push_back(name);
      read_section(field.entry(name), *one.value, one.key->place, one_path);
    }
    return true;
  }

  bool read_list(const Field& field, const Entry& entry, const std::string& path) {
    const YamlNode& content = entry.value->content();
    if (content.kind != Kind::List) {
      if (field.may_hold_secrets) {
        censor_.hide(*entry.value);
      }
      findings_.error(content.kind == Kind::Null ? entry.key->place : entry.value->place, path,
                      "must be a list, even of one: write [value] or [value, value]");
      return false;
    }
    const bool needs_one = field.required || !field.words.empty();
    if (content.items.empty() && needs_one) {
      findings_.error(entry.value->place, path, "must not be an empty list: " + field.help);
    }
    const std::vector<FieldValue> values = read_items(field, content, path);
    if (!values.empty() || field.words.empty()) {
      const FieldValue list = list_value(field, values);
      reading.values.try_emplace(path, field.may_hold_secrets ? kMasked : as_written(field, list));
      field.store(list);
    }
    return true;
  }

  static FieldKind kind_of_items(const Field& field) {
    if (field.may_hold_secrets) {
      return FieldKind::Secret;
    }
    return field.words.empty() ? FieldKind::TextList : FieldKind::Url;
  }

  std::vector<FieldValue> read_items(const Field& field, const YamlNode& content,
                                     const std::string& path) {
    Field one = field;
    one.kind = kind_of_items(field);
    std::vector<FieldValue> values;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < content.items.size() && spend(); ++i) {
      const YamlNode& item = *content.items[i];
      const std::string item_path = path + '[' + std::to_string(i) + ']';
      reading.places.try_emplace(item_path, item.place);
      auto value = value_of(one, item, item.place, item_path);
      if (!value) {
        continue;
      }
      if (!seen.insert(item_text(*value)).second) {
        findings_.error(item.place, item_path,
                        subject(one, item.content(), false) + " is listed twice");
      }
      values.push_back(*std::move(value));
    }
    return values;
  }

  bool read_map(const Field& field, const Entry& entry, const std::string& path) {
    const YamlNode& content = entry.value->content();
    if (content.kind != Kind::Map && content.kind != Kind::Null) {
      censor_.hide(*entry.value);
      findings_.error(entry.value->place, path, "must be a section of the form {name: value}");
      return false;
    }
    Pairs pairs;
    for (const Entry& pair : entries_of(content, path, budget_, findings_)) {
      if (!spend()) {
        return false;
      }
      read_pair(field, pair, path, pairs);
    }
    field.store(pairs);
    return true;
  }

  void read_pair(const Field& field, const Entry& pair, const std::string& map_path, Pairs& pairs) {
    const std::string& name = pair.key->content().text;
    const std::string path = below(map_path, name);
    Field as_text;
    as_text.kind =
        field.may_hold_secrets && field.is_secret_key(name) ? FieldKind::Secret : FieldKind::Text;
    reading.places.try_emplace(path, pair.value->place);
    const auto value = value_of(as_text, *pair.value, pair.key->place, path);
    if (!value) {
      return;
    }
    const auto& text = std::get<std::string>(*value);
    if (const Status valid = field.check_pair(name, text); !valid) {
      findings_.error(pair.key->place, path, valid.error().message);
    }
    const std::string lower = lower_case(name);
    if (std::ranges::any_of(pairs,
                            [&](const auto& each) { return lower_case(each.first) == lower; })) {
      findings_.error(pair.key->place, path, "this name is given twice");
    }
    reading.values.try_emplace(
        path, as_text.kind == FieldKind::Secret ? kMasked : as_written(as_text, text));
    reading.names[map_path].push_back(name);
    pairs.emplace_back(name, text);
  }

  std::optional<FieldValue> value_of(const Field& field, const YamlNode& node, Place key,
                                     const std::string& path) {
    const YamlNode& content = node.content();
    if (content.kind != Kind::Scalar) {
      if (holds_secret(field)) {
        censor_.hide(node);
      }
      const bool missing = content.kind == Kind::Null;
      findings_.error(missing ? key : node.place, path,
                      missing ? "has no value: write one, or remove the key"
                              : "must be a single value, not a list or a section");
      return std::nullopt;
    }
    guard_secret(field, node, path);
    const auto text = substitute(content.text);
    if (!text) {
      findings_.error(node.place, path, text.error().message);
      return std::nullopt;
    }
    auto value = convert(field, text->text);
    if (!value) {
      findings_.error(node.place, path,
                      subject(field, content, text->has_references) + ' ' + value.error().message);
      return std::nullopt;
    }
    return *std::move(value);
  }

  void guard_secret(const Field& field, const YamlNode& node, const std::string& path) {
    bool told = false;
    if (field.kind == FieldKind::Secret) {
      told = tells_value(node.content().text);
      censor_.hide(node);
    } else if (field.kind == FieldKind::Url) {
      told = censor_.hide_url_password(node);
    }
    if (told) {
      findings_.warning(node.place, path,
                        "this secret stands in the file as plain text: use ${NAME} or "
                        "${file:/run/secrets/name}");
    }
  }

  // What a message about the value may call it: what came from outside the file is not shown.
  static std::string subject(const Field& field, const YamlNode& content, bool has_references) {
    if (field.kind == FieldKind::Secret) {
      return "the secret";
    }
    if (field.kind == FieldKind::Url) {
      return "the URL";
    }
    return quoted(content.text) + (has_references ? " as it is now" : "");
  }

  Findings& findings_;
  Censor censor_;
  std::size_t budget_ = kBudget;
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
  return std::move(reader.reading);
}

}  // namespace sluice::configuration
