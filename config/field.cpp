#include "config/field.h"

#include "config/scalars.h"
#include "core/json_text.h"

namespace sluice::configuration {

namespace {

Field make(FieldKind kind, std::string name, std::string help) {
  Field field;
  field.kind = kind;
  field.name = std::move(name);
  field.help = std::move(help);
  return field;
}

template <class T>
std::function<void(const FieldValue&)> into(T& target) {
  return [&target](const FieldValue& value) { target = std::get<T>(value); };
}

}  // namespace

Field Field::require() && {
  required = true;
  return std::move(*this);
}

Field Field::require_unless(std::string other) && {
  required = true;
  unless = std::move(other);
  return std::move(*this);
}

Field Field::or_off() && {
  may_be_off = true;
  default_value = default_value == "0s" ? "off" : default_value;
  return std::move(*this);
}

Field Field::shown_as(std::string default_text) && {
  default_value = std::move(default_text);
  return std::move(*this);
}

Field Field::selecting(std::vector<std::vector<Field>> fields_of_words) && {
  selects_section = true;
  alternatives = std::move(fields_of_words);
  return std::move(*this);
}

Field Field::of_lines() && {
  many_lines = true;
  return std::move(*this);
}

Field Field::named_by(TextCheck entry_check) && {
  check_entry = entry_check;
  return std::move(*this);
}

Field Field::choosing(std::function<void()> then) && {
  chosen = std::move(then);
  return std::move(*this);
}

Field Field::checked(TextCheck text_check) && {
  check = text_check;
  return std::move(*this);
}

Field text(std::string name, std::string& target, std::string help) {
  Field field = make(FieldKind::Text, std::move(name), std::move(help));
  field.default_value = target;
  field.store = into(target);
  return field;
}

Field secret(std::string name, std::string& target, std::string help) {
  Field field = make(FieldKind::Secret, std::move(name), std::move(help));
  field.store = into(target);
  return field;
}

Field url(std::string name, Url& target, std::vector<std::string> schemes, std::string help) {
  Field field = make(FieldKind::Url, std::move(name), std::move(help));
  field.words = std::move(schemes);
  field.store = into(target);
  return field;
}

Field boolean(std::string name, bool& target, std::string help) {
  Field field = make(FieldKind::Boolean, std::move(name), std::move(help));
  field.default_value = target ? "true" : "false";
  field.store = into(target);
  return field;
}

Field text_list(std::string name, std::vector<std::string>& target, std::string help) {
  Field field = make(FieldKind::TextList, std::move(name), std::move(help));
  field.store = into(target);
  return field;
}

Field url_list(std::string name, std::function<void(const std::vector<Url>&)> store,
               std::vector<std::string> schemes, std::string help) {
  Field field = make(FieldKind::TextList, std::move(name), std::move(help));
  field.words = std::move(schemes);
  field.store = [store = std::move(store)](const FieldValue& value) {
    store(std::get<std::vector<Url>>(value));
  };
  return field;
}

Field secret_list(std::string name, std::vector<std::string>& target, std::string help) {
  Field field = text_list(std::move(name), target, std::move(help));
  field.may_hold_secrets = true;
  return field;
}

Field text_map(std::string name, Pairs& target, PairCheck check, std::string help) {
  Field field = make(FieldKind::TextMap, std::move(name), std::move(help));
  field.check_pair = check;
  field.store = into(target);
  return field;
}

Field section(std::string name, std::vector<Field> fields, std::string help) {
  Field field = make(FieldKind::Section, std::move(name), std::move(help));
  field.fields = std::move(fields);
  return field;
}

Field named(std::string name, std::function<std::vector<Field>(const std::string&)> entry,
            std::string help) {
  Field field = make(FieldKind::Named, std::move(name), std::move(help));
  field.entry = std::move(entry);
  return field;
}

Field items(std::string name, std::function<std::vector<Field>()> entry, std::string help) {
  Field field = make(FieldKind::Items, std::move(name), std::move(help));
  field.entry = [entry = std::move(entry)](const std::string&) { return entry(); };
  return field;
}

Field data(std::string name, std::string& target, std::string help) {
  Field field = make(FieldKind::Data, std::move(name), std::move(help));
  field.store = into(target);
  return field;
}

Field payload(std::string name, std::string& target, std::string help) {
  Field field = data(std::move(name), target, std::move(help));
  field.scalar_is_text = true;
  return field;
}

Field steps(std::string name, std::function<std::vector<Field>()> entry, std::string help) {
  Field field = make(FieldKind::Steps, std::move(name), std::move(help));
  field.entry = [entry = std::move(entry)](const std::string&) { return entry(); };
  return field;
}

Field number(std::string name, double& target, std::string help) {
  Field field = make(FieldKind::Number, std::move(name), std::move(help));
  append_number(target, field.default_value);
  field.store = into(target);
  return field;
}

Field unsupported(std::string name, std::vector<std::string> harmless, std::string help) {
  Field field = make(FieldKind::Unsupported, std::move(name), std::move(help));
  field.words = std::move(harmless);
  return field;
}

Field unsupported_secret(std::string name, std::string help) {
  Field field = unsupported(std::move(name), {}, std::move(help));
  field.may_hold_secrets = true;
  return field;
}

Field integer_field(std::string name, std::int64_t initial, Range range, std::string help) {
  Field field = make(FieldKind::Integer, std::move(name), std::move(help));
  field.default_value = std::to_string(initial);
  field.range = range;
  return field;
}

Field size_field(std::string name, std::int64_t initial, Range range, std::string help) {
  Field field = make(FieldKind::Size, std::move(name), std::move(help));
  field.default_value = size_text(initial);
  field.range = range;
  return field;
}

Field duration_field(std::string name, std::chrono::milliseconds initial,
                     std::chrono::milliseconds min, std::chrono::milliseconds max,
                     std::string help) {
  Field field = make(FieldKind::Duration, std::move(name), std::move(help));
  field.default_value = duration_text(initial);
  field.range = {min.count(), max.count()};
  return field;
}

Field choice_field(std::string name, std::size_t initial, std::vector<std::string> words,
                   std::string help) {
  Field field = make(FieldKind::Choice, std::move(name), std::move(help));
  field.default_value = initial < words.size() ? words[initial] : "";
  field.words = std::move(words);
  return field;
}

}  // namespace sluice::configuration
