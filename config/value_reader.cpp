#include "config/value_reader.h"

#include "config/convert.h"
#include "config/field_search.h"
#include "config/substitution.h"

namespace sluice::configuration {

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

}  // namespace sluice::configuration
