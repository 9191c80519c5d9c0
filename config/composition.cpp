#include "config/composition.h"

#include "config/fields.h"
#include "config/files.h"
#include "config/merge.h"
#include "config/reader.h"
#include "config/rules.h"
#include "config/substitution.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::configuration {

namespace {

using Entry = YamlNode::Entry;
using Kind = YamlNode::Kind;

constexpr std::size_t kMostFiles = 200;
constexpr const char* kInclude = "include";

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

class Composer {
 public:
  explicit Composer(Findings& findings) : findings_(findings), merger_(result_.whole, findings) {}

  // One more layer, over those before it.
  void add_layer(const std::string& path, const std::string& if_absent) {
    const auto text = content_of(path);
    if (!text) {
      findings_.error({0, 0, findings_.add_file(path, "")}, "", text.error().message + if_absent);
      broken_ = true;
      return;
    }
    add_layer_of(*text, path);
  }

  // The file for the environment that stands beside the one at `path`.
  void add_environment(const std::string& name, const std::string& path) {
    if (const Status valid = check_name(name); !valid) {
      findings_.error({}, "", "--env: " + quoted(name) + ' ' + valid.error().message);
      broken_ = true;
      return;
    }
    add_layer(overlay_of(path, name), "; --env " + name + " needs it beside " + path);
  }

  void add_layer_of(const std::string& text, const std::string& path) {
    seen_.clear();
    if (const YamlNode* layer = tree_of(text, path); layer != nullptr) {
      layers_.push_back(layer);
    }
  }

  Composition finish() && {
    if (result_.parts.size() > 1) {
      hide_secrets();
    }
    result_.whole.root = broken_ ? nullptr : merged();
    return std::move(result_);
  }

 private:
  const YamlNode* merged() {
    const YamlNode* root = nullptr;
    for (const YamlNode* layer : layers_) {
      root = root == nullptr ? layer : &merger_.overlay(*root, *layer);
    }
    if (merger_.exhausted()) {
      findings_.error({}, "",
                      "the files describe too much, perhaps by their aliases: make them "
                      "smaller");
      return nullptr;
    }
    if (root != nullptr && root->content().kind == Kind::Null) {
      findings_.error({}, "", "the file is empty: it must define sources, flows and sinks");
      return nullptr;
    }
    return root;
  }

  // What another file replaces is not read again, but the line it stands in may be shown.
  void hide_secrets() {
    const Findings::Silence silence(findings_);
    for (const Document& part : result_.parts) {
      if (part.root != nullptr) {
        Config ignored;
        static_cast<void>(read_fields(part, config_fields(ignored), findings_));
      }
    }
  }

  // With what it includes. Null if it is not YAML.
  const YamlNode* tree_of(const std::string& text, const std::string& path) {
    const std::string_view yaml = without_byte_order_mark(text);
    const int number = findings_.add_file(path, yaml);
    const Document& document = result_.parts.emplace_back(parse_document(yaml, number, findings_));
    if (document.root == nullptr) {
      broken_ = true;
      return nullptr;
    }
    const YamlNode& root = *document.root;
    if (root.content().kind != Kind::Map) {
      return &root;
    }
    const std::vector<Entry> entries = merger_.entries(root, "");
    const auto include = std::ranges::find_if(
        entries, [](const Entry& entry) { return entry.key->content().text == kInclude; });
    if (include == entries.end()) {
      return &root;
    }
    chain_.push_back(path);
    const YamlNode* whole = &merger_.without(root, kInclude);
    for (const YamlNode* part : included_by(*include, path)) {
      whole = &merger_.unite(*whole, *part);
    }
    chain_.pop_back();
    return whole;
  }

  std::vector<const YamlNode*> included_by(const Entry& include, const std::string& from) {
    const YamlNode& content = include.value->content();
    if (content.kind != Kind::List) {
      const bool nothing = content.kind == Kind::Null;
      findings_.error(nothing ? include.key->place : include.value->place, kInclude,
                      "must be a list, even of one: write [conf.d/*.yaml]");
      return {};
    }
    std::vector<const YamlNode*> trees;
    for (std::size_t i = 0; i < content.items.size(); ++i) {
      const YamlNode& item = *content.items[i];
      const std::string path = std::string(kInclude) + '[' + std::to_string(i) + ']';
      const auto files = files_of(item, from);
      if (!files) {
        findings_.error(item.place, path, files.error().message);
        continue;
      }
      for (const std::string& file : *files) {
        if (const YamlNode* tree = included(file, item.place, path); tree != nullptr) {
          trees.push_back(tree);
        }
      }
    }
    return trees;
  }

  static Result<std::vector<std::string>> files_of(const YamlNode& item, const std::string& from) {
    const YamlNode& content = item.content();
    if (content.kind != Kind::Scalar || content.text.empty()) {
      return Error{Reaction::Reject, "must be the path of a file, or a pattern like conf.d/*.yaml"};
    }
    const auto text = substitute(content.text);
    if (!text) {
      return text.error();
    }
    return included_files(text->text, from);
  }

  // Null if there is nothing to add.
  const YamlNode* included(const std::string& file, Place place, const std::string& path) {
    const auto same_file = [identity = identity_of(file)](const std::string& other) {
      return identity_of(other) == identity;
    };
    if (const auto start = std::ranges::find_if(chain_, same_file); start != chain_.end()) {
      std::string chain;
      std::for_each(start, chain_.end(), [&](const std::string& each) { chain += each + " → "; });
      findings_.error(place, path,
                      "a file cannot include itself: " + chain + file + "; remove one of these");
      return nullptr;
    }
    if (!seen_.insert(identity_of(file)).second) {
      return nullptr;  // what it says is there already
    }
    if (result_.parts.size() >= kMostFiles) {
      findings_.error(place, path, "these are more than 200 files: include fewer");
      return nullptr;
    }
    const auto text = content_of(file);
    if (!text) {
      findings_.error(place, path, file + ": " + text.error().message);
      return nullptr;
    }
    const YamlNode* tree = tree_of(*text, file);
    if (tree != nullptr && tree->content().kind != Kind::Map &&
        tree->content().kind != Kind::Null) {
      findings_.error(tree->place, "", "must be a section: sources, flows, sinks and the like");
      return nullptr;
    }
    return tree;
  }

  Findings& findings_;
  Composition result_;
  TreeMerger merger_;
  std::vector<const YamlNode*> layers_;
  std::vector<std::string> chain_;  // files that are being read, each included by the one before it
  std::set<std::string> seen_;      // included in this layer
  bool broken_ = false;
};

}  // namespace

Composition compose(const ConfigFiles& files, Findings& findings) {
  assert(!files.paths.empty());
  Composer composer(findings);
  bool is_first = true;
  for (const std::string& path : files.paths) {
    composer.add_layer(path, "");
    if (std::exchange(is_first, false) && !files.environment.empty()) {
      composer.add_environment(files.environment, path);
    }
  }
  return std::move(composer).finish();
}

Composition compose_text(const std::string& text, const std::string& name, Findings& findings) {
  Composer composer(findings);
  composer.add_layer_of(text, name);
  return std::move(composer).finish();
}

}  // namespace sluice::configuration
