// Reads single values of the file.
#pragma once

#include "config/document.h"
#include "config/field.h"
#include "config/findings.h"
#include "config/place.h"
#include "config/reader.h"
#include "config/secrets.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sluice::configuration {

// What is wrong becomes a finding; what must not be shown is hidden from all findings. One thread
// at a time.
class ValueReader {
 public:
  // `findings` outlives the reader.
  explicit ValueReader(Findings& findings) : findings_(findings), censor_(findings) {}

  // With references replaced, converted and checked; nothing if it is wrong. `key` is where its key
  // stands.
  std::optional<FieldValue> value_of(const Field& field, const YamlNode& node, Place key,
                                     const std::string& path);

  // A list of texts or URLs; a map of names and texts. False: it is wrong.
  bool read_list(const Field& field, const YamlNode::Entry& entry, const std::string& path);
  bool read_map(const Field& field, const YamlNode::Entry& entry, const std::string& path);

  bool read_data(const Field& field, const YamlNode::Entry& entry, const std::string& path);

  // Hides every value in `node`.
  void hide(const YamlNode& node) { censor_.hide(node); }

  // What a message about the value may call it: what came from outside the file is not shown.
  static std::string subject(const Field& field, const YamlNode& content, bool has_references);

  // Takes one from the budget. False: it is used up.
  bool spend() {
    if (budget > 0) {
      --budget;
    }
    return budget > 0;
  }

  Reading reading;              // what has been read so far
  std::size_t budget = 50'000;  // values and keys that are looked at; real files have hundreds

 private:
  std::vector<FieldValue> read_items(const Field& field, const YamlNode& content,
                                     const std::string& path);
  void read_pair(const Field& field, const YamlNode::Entry& pair, const std::string& map_path,
                 Pairs& pairs);
  void guard_secret(const Field& field, const YamlNode& node, const std::string& path);

  Findings& findings_;
  Censor censor_;
};

}  // namespace sluice::configuration
