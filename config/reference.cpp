#include "config/field_search.h"
#include "config/fields.h"
#include "config/scalars.h"
#include "config/schema.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

namespace sluice {

namespace {

using configuration::Field;
using configuration::FieldKind;

constexpr std::string_view kIntroduction =
    R"(# Configuration

One YAML file, or several (below). Every key is here; a key that is not is refused, with the place and the nearest one that exists.
`sluice check -c FILE` reports everything that is wrong in one run. `sluice schema` prints a JSON Schema for editors:

    # yaml-language-server: $schema=sluice.schema.json

This page is printed by `sluice docs`, from the table that reads the file.

**Values.** Durations are a whole number and `ms`, `s`, `m`, `h` or `d`. Sizes are a whole number and `KiB`, `MiB`, `GiB` (1024)
or `KB`, `MB`, `GB` (1000). In any single value `${NAME}` is replaced by an environment variable, `${NAME:-default}` has a
default, `${NAME:?message}` ends the start with that message, `${file:/path}` is the content of a file and `${credential:name}`
that of a systemd credential: for secrets. What is put in is never read as YAML. `$$` is one `$`.

**Several files.** There are three ways, which can be used together; every command that takes `-c` knows them. Problems are
reported at the place where the value really stands, and `sluice check --print-effective` shows what comes out.

- `include: [conf.d/*.yaml, plant.yaml]` at the top of a file *completes* it. Paths begin at the including file; what a pattern
  finds is read sorted by name, and may be nothing; a plain name must exist. An included file may hold every key, and include
  others. What two files both define (a source, a sink, `agent.id`) is an error that names both places.
- `-c base.yaml -c site.yaml`, several times, *changes* it: the later file is laid over the earlier ones. Sections are merged
  key by key; single values and lists are replaced.
- `--env staging` lays `sluice.staging.yaml` over the first file, `sluice.yaml`, beside which it must stand; files of further
  `-c` come after it.
)";

std::string bounds(const std::string& low, const std::string& high) {
  return ", " + low + " to " + high;
}

std::string words_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "`" : ", `") + word + '`';
  }
  return text;
}

bool has_own_table(const Field& field) {
  const bool entries =
      field.kind == FieldKind::Named && configuration::whole_entry(field.entry("name")) == nullptr;
  return field.kind == FieldKind::Section || field.kind == FieldKind::Steps ||
         field.kind == FieldKind::Items || entries;
}

std::string type_of(const Field& field) {
  using std::chrono::milliseconds;
  switch (field.kind) {
    case FieldKind::Text:
      return "text";
    case FieldKind::Secret:
      return "secret";
    case FieldKind::Url:
      return "URL: " + words_of(field.words);
    case FieldKind::Boolean:
      return "`true`, `false`";
    case FieldKind::Integer:
      return "number" + bounds(std::to_string(field.range.min), std::to_string(field.range.max));
    case FieldKind::Number:
      return "number";
    case FieldKind::Duration:
      return "duration" +
             bounds(configuration::duration_text(milliseconds(field.range.min)),
                    configuration::duration_text(milliseconds(field.range.max))) +
             (field.may_be_off ? ", or `off`" : "");
    case FieldKind::Size:
      return "size" + bounds(configuration::size_text(field.range.min),
                             configuration::size_text(field.range.max));
    case FieldKind::Choice:
      return words_of(field.words);
    case FieldKind::TextList:
      return "list of texts";
    case FieldKind::TextMap:
      return "names with texts";
    case FieldKind::Section:
    case FieldKind::Named:
      return has_own_table(field) ? "section, below" : "names with sections of texts";
    case FieldKind::Items:
      return "list of sections, below";
    case FieldKind::Steps:
      return "list of steps, below";
    case FieldKind::Data:
      return "anything";
    case FieldKind::Unsupported:
      break;
  }
  return "not in this version";
}

std::string default_of(const Field& field) {
  if (field.required) {
    return "**required**";
  }
  return field.default_value.empty() ? "" : '`' + field.default_value + '`';
}

class ReferenceWriter {
 public:
  void table(const std::vector<Field>& fields) {
    text_ += "\n| key | value | default | |\n|---|---|---|---|\n";
    for (const Field& field : fields) {
      text_ += "| `" + field.name + "` | " + type_of(field) + " | " + default_of(field) + " | " +
               field.help + " |\n";
    }
  }

  // The tables of what stands below `fields`.
  void parts(const std::vector<Field>& fields, const std::string& path) {
    for (const Field& field : fields) {
      part(field, path + field.name);
      for (std::size_t i = 0; i < field.alternatives.size(); ++i) {
        alternative(field, i, path);
      }
    }
  }

  void part(const Field& field, const std::string& path) {
    if (!has_own_table(field)) {
      return;
    }
    const bool section = field.kind == FieldKind::Section;
    const std::string full = field.kind == FieldKind::Named ? path + ".<name>" : path;
    const std::vector<Field> fields = section ? field.fields : field.entry("name");
    text_ += "\n## `" + full + "`\n\n" + field.help + '\n';
    table(fields);
    parts(fields, full + '.');
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void alternative(const Field& selector, std::size_t index, const std::string& path) {
    const std::vector<Field>& fields = selector.alternatives[index];
    const std::string& word = selector.words.at(index);
    if (fields.empty()) {
      return;
    }
    text_ += "\n### `" + path + selector.name + ": " + word + "`\n\nFurther keys with `" +
             selector.name + ": " + word + "`.\n";
    table(fields);
    parts(fields, path);
  }

  std::string text_{kIntroduction};
};

}  // namespace

std::string config_reference() {
  Config config;
  ReferenceWriter writer;
  writer.parts(configuration::config_fields(config), "");
  return writer.text();
}

}  // namespace sluice
