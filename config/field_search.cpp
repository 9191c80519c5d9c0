#include "config/field_search.h"

#include "config/convert.h"
#include "config/nearest.h"

#include <algorithm>
#include <optional>

namespace sluice::configuration {

bool holds_secret(const Field& field) {
  return field.kind == FieldKind::Secret || field.may_hold_secrets ||
         std::ranges::any_of(field.fields, holds_secret) ||
         std::ranges::any_of(field.alternatives, [](const std::vector<Field>& fields) {
           return std::ranges::any_of(fields, holds_secret);
         });
}

const Field* find_field(const std::vector<Field>& fields, const std::string& name) {
  const auto found =
      std::ranges::find_if(fields, [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

namespace {

// The field of this name that there would be with another word in `selector`.
std::optional<Suggestion> of_another_kind(const std::string& key, const Field& selector) {
  for (std::size_t i = 0; i < selector.alternatives.size(); ++i) {
    if (const Field* field = find_field(selector.alternatives[i], key); field != nullptr) {
      return Suggestion{" here: it belongs to " + selector.name + ": " + selector.words.at(i),
                        field};
    }
  }
  return std::nullopt;
}

}  // namespace

Suggestion suggestion(const std::string& key, const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) {
    if (const Field* deeper = find_field(field.fields, key); deeper != nullptr) {
      return {": did you mean " + field.name + '.' + key + '?', deeper};
    }
    if (const auto other = of_another_kind(key, field)) {
      return *other;
    }
    names.push_back(field.name);
  }
  if (const auto name = nearest(key, names)) {
    return {": did you mean " + *name + '?', find_field(fields, *name)};
  }
  return {"; known here: " + known_keys(fields), nullptr};
}

std::string known_keys(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) {
    if (field.kind != FieldKind::Unsupported) {
      names.push_back(field.name);
    }
  }
  return joined(names);
}

std::vector<Field> with_alternative(std::vector<Field> fields, const std::string& word) {
  const auto field = std::ranges::find_if(fields, &Field::selects_section);
  if (field == fields.end()) {
    return fields;
  }
  const auto position = std::ranges::find(field->words, word) - field->words.begin();
  if (static_cast<std::size_t>(position) < field->alternatives.size()) {
    const std::vector<Field> more = field->alternatives[static_cast<std::size_t>(position)];
    fields.insert(field + 1, more.begin(), more.end());
  }
  return fields;
}

}  // namespace sluice::configuration
