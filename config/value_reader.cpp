#include "config/value_reader.h"

#include "config/convert.h"
#include "config/effective.h"
#include "config/entries.h"
#include "config/field_search.h"
#include "config/rules.h"
#include "config/substitution.h"
#include "config/yaml_json.h"
#include "core/json_text.h"

#include <algorithm>
#include <set>

namespace sluice::configuration {

namespace {

FieldKind kind_of_items(const Field& field) {
  if (field.may_hold_secrets) {
    return FieldKind::Secret;
  }
  return field.words.empty() ? FieldKind::TextList : FieldKind::Url;
}

}  // namespace

std::optional<FieldValue> ValueReader::value_of(const Field& field, const YamlNode& node, Place key,
                                                const std::string& path) {
  const YamlNode& content = node.content();
  if (content.kind != YamlNode::Kind::Scalar) {
    if (holds_secret(field)) {
      censor_.hide(node);
    }
    const bool missing = content.kind == YamlNode::Kind::Null;
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

void ValueReader::guard_secret(const Field& field, const YamlNode& node, const std::string& path) {
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

std::string ValueReader::subject(const Field& field, const YamlNode& content, bool has_references) {
  if (field.kind == FieldKind::Secret) {
    return "the secret";
  }
  if (field.kind == FieldKind::Url) {
    return "the URL";
  }
  return quoted(content.text) + (has_references ? " as it is now" : "");
}

bool ValueReader::read_list(const Field& field, const YamlNode::Entry& entry,
                            const std::string& path) {
  const YamlNode& content = entry.value->content();
  if (content.kind != YamlNode::Kind::List) {
    if (field.may_hold_secrets) {
      hide(*entry.value);
    }
    findings_.error(content.kind == YamlNode::Kind::Null ? entry.key->place : entry.value->place,
                    path, "must be a list, even of one: write [value] or [value, value]");
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

std::vector<FieldValue> ValueReader::read_items(const Field& field, const YamlNode& content,
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

bool ValueReader::read_map(const Field& field, const YamlNode::Entry& entry,
                           const std::string& path) {
  const YamlNode& content = entry.value->content();
  if (content.kind != YamlNode::Kind::Map && content.kind != YamlNode::Kind::Null) {
    hide(*entry.value);
    findings_.error(entry.value->place, path, "must be a section of the form {name: value}");
    return false;
  }
  Pairs pairs;
  for (const YamlNode::Entry& pair : entries_of(content, path, budget, findings_)) {
    if (!spend()) {
      return false;
    }
    read_pair(field, pair, path, pairs);
  }
  field.store(pairs);
  return true;
}

void ValueReader::read_pair(const Field& field, const YamlNode::Entry& pair,
                            const std::string& map_path, Pairs& pairs) {
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
  if (!field.exact_names && std::ranges::any_of(pairs, [&](const auto& each) {
        return lower_case(each.first) == lower;
      })) {
    findings_.error(pair.key->place, path, "this name is given twice");
  }
  reading.values.try_emplace(
      path, as_text.kind == FieldKind::Secret ? kMasked : as_written(as_text, text));
  reading.names[map_path].push_back(name);
  pairs.emplace_back(name, text);
}

bool ValueReader::read_data(const Field& field, const YamlNode::Entry& entry,
                            const std::string& path) {
  const YamlNode& content = entry.value->content();
  Result<std::string> data = std::string();
  if (field.scalar_is_text && content.kind == YamlNode::Kind::Scalar) {
    auto text = substitute(content.text);
    data = text ? Result<std::string>(std::move(text->text)) : text.error();
  } else {
    data = json_of(content, budget);
  }
  if (!data) {
    findings_.error(entry.value->place, path, data.error().message);
    return false;
  }
  reading.values.try_emplace(path, field.scalar_is_text && content.kind == YamlNode::Kind::Scalar
                                       ? sluice::quoted(*data)
                                       : *data);
  field.store(FieldValue(*std::move(data)));
  return true;
}

}  // namespace sluice::configuration
