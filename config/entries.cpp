#include "config/entries.h"

#include "config/rules.h"
#include "config/secrets.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace sluice::configuration {

namespace {

constexpr std::string_view kMerge = "<<";

class Collector {
 public:
  Collector(const std::string& path, std::size_t& budget, Findings& findings)
      : path_(path), budget_(budget), findings_(findings) {}

  std::vector<YamlNode::Entry> collect(const YamlNode& map) {
    add_own(map);
    while (!merges_.empty()) {
      const YamlNode& next = *merges_.back();
      merges_.pop_back();
      merge(next);
    }
    return std::move(entries_);
  }

 private:
  void add_own(const YamlNode& map) {
    std::vector<const YamlNode*> merges;
    for (const YamlNode::Entry& entry : map.entries) {
      const YamlNode& key = entry.key->content();
      if (key.kind != YamlNode::Kind::Scalar) {
        findings_.error(entry.key->place, path_, "a key must be a single word");
      } else if (key.text == kMerge) {
        merges.push_back(entry.value);
      } else {
        add(entry, true);
      }
    }
    merge_later(merges);
  }

  void add(const YamlNode::Entry& entry, bool own) {
    if (budget_ == 0) {
      return;
    }
    --budget_;
    const std::string& name = entry.key->content().text;
    const auto [first, is_new] = lines_.try_emplace(name, entry.key->place.line);
    if (is_new) {
      entries_.push_back(entry);
    } else if (own) {
      hide_secrets(entry);
      findings_.error(entry.key->place, path_.empty() ? name : path_ + '.' + name,
                      "this key is given twice, first in line " + std::to_string(first->second));
    }
  }

  // Nobody reads the value any more, but the line is shown.
  void hide_secrets(const YamlNode::Entry& repeated) {
    Censor censor(findings_);
    const bool is_single = repeated.value->content().kind == YamlNode::Kind::Scalar;
    if (!is_single || is_secret_header(repeated.key->content().text)) {
      censor.hide(*repeated.value);
    } else {
      static_cast<void>(censor.hide_url_password(*repeated.value));  // the error says enough
    }
  }

  // The last one is taken up first.
  void merge_later(const std::vector<const YamlNode*>& nodes) {
    merges_.insert(merges_.end(), nodes.rbegin(), nodes.rend());
  }

  void merge(const YamlNode& node) {
    const YamlNode& content = node.content();
    if (!merged_.insert(&content).second) {
      return;  // has nothing new to say, and may be part of itself
    }
    if (content.kind == YamlNode::Kind::List) {
      merge_later(content.items);
      return;
    }
    if (content.kind != YamlNode::Kind::Map) {
      findings_.error(node.place, path_, "<< must refer to a section or a list of sections");
      return;
    }
    std::vector<const YamlNode*> nested;
    for (const YamlNode::Entry& entry : content.entries) {
      const YamlNode& key = entry.key->content();
      if (key.kind == YamlNode::Kind::Scalar && key.text == kMerge) {
        nested.push_back(entry.value);
      } else if (key.kind == YamlNode::Kind::Scalar) {
        add(entry, false);
      }
    }
    merge_later(nested);
  }

  const std::string& path_;
  std::size_t& budget_;
  Findings& findings_;
  std::vector<YamlNode::Entry> entries_;
  std::map<std::string_view, int> lines_;
  std::vector<const YamlNode*> merges_;
  std::set<const YamlNode*> merged_;
};

}  // namespace

std::vector<YamlNode::Entry> entries_of(const YamlNode& map, const std::string& path,
                                        std::size_t& budget, Findings& findings) {
  return Collector(path, budget, findings).collect(map);
}

}  // namespace sluice::configuration
