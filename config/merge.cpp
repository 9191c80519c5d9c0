#include "config/merge.h"

#include "config/entries.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace sluice::configuration {

namespace {

using Entry = YamlNode::Entry;
using Kind = YamlNode::Kind;

// Deeper than any option stands. An alias may lead back to a map it is part of.
constexpr int kDeepest = 16;

bool is_section(const YamlNode& content) {
  return content.kind == Kind::Map || content.kind == Kind::Null;
}

// Where the entry with a name stands among others.
std::map<std::string_view, std::size_t> positions(const std::vector<Entry>& entries) {
  std::map<std::string_view, std::size_t> found;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    found.emplace(entries[i].key->content().text, i);
  }
  return found;
}

}  // namespace

YamlNode& TreeMerger::make(Kind kind, const YamlNode& like) {
  YamlNode& node = made_.nodes.emplace_back();
  node.kind = kind;
  node.place = like.place;
  node.end = like.end;
  flat_.insert(&node);
  return node;
}

std::vector<Entry> TreeMerger::entries(const YamlNode& map, const std::string& path) {
  const YamlNode& content = map.content();
  if (flat_.contains(&content)) {
    return content.entries;
  }
  return content.kind == Kind::Map ? entries_of(content, path, budget_, findings_)
                                   : std::vector<Entry>();
}

const YamlNode& TreeMerger::overlay(const YamlNode& below, const YamlNode& above) {
  return overlay(below, above, "", 0);
}

const YamlNode& TreeMerger::overlay(const YamlNode& below, const YamlNode& above,
                                    const std::string& path, int depth) {
  const Kind old = below.content().kind;
  const Kind now = above.content().kind;
  if (old == Kind::Map && now == Kind::Null) {
    return below;  // a section in which nothing is said
  }
  if (old != Kind::Map || now != Kind::Map || depth == kDeepest) {
    return above;
  }
  YamlNode& merged = make(Kind::Map, below);
  merged.entries = entries(below, path);
  const auto known = positions(merged.entries);
  for (const Entry& entry : entries(above, path)) {
    const std::string& name = entry.key->content().text;
    const auto found = known.find(name);
    if (found == known.end()) {
      merged.entries.push_back(entry);
      continue;
    }
    Entry& before = merged.entries[found->second];
    const YamlNode& value =
        overlay(*before.value, *entry.value, configuration::below(path, name), depth + 1);
    before = {&value == entry.value ? entry.key : before.key, &value};
  }
  return merged;
}

const YamlNode& TreeMerger::unite(const YamlNode& first, const YamlNode& second) {
  return unite(first, second, "", true);
}

const YamlNode& TreeMerger::unite(const YamlNode& first, const YamlNode& second,
                                  const std::string& path, bool is_root) {
  YamlNode& united = make(Kind::Map, first);
  united.entries = entries(first, path);
  const auto known = positions(united.entries);
  for (const Entry& entry : entries(second, path)) {
    const std::string& name = entry.key->content().text;
    const auto found = known.find(name);
    if (found == known.end()) {
      united.entries.push_back(entry);
      continue;
    }
    Entry& before = united.entries[found->second];
    before.value = &unite_entry(before, entry, below(path, name), is_root);
  }
  return united;
}

const YamlNode& TreeMerger::unite_entry(const Entry& first, const Entry& second,
                                        const std::string& path, bool is_root) {
  const YamlNode& one = first.value->content();
  const YamlNode& two = second.value->content();
  if (is_root && is_section(one) && is_section(two)) {
    return unite(*first.value, *second.value, path, false);
  }
  if (is_root && one.kind == Kind::List && two.kind == Kind::List) {
    YamlNode& list = make(Kind::List, *first.value);
    list.items = one.items;
    list.items.insert(list.items.end(), two.items.begin(), two.items.end());
    return list;
  }
  findings_.error(second.key->place, path,
                  "is defined already, in " + findings_.line_of(first.key->place) +
                      ": rename or remove one of them; only a file of a later -c or of --env may "
                      "change what another file says");
  return *first.value;
}

const YamlNode& TreeMerger::without(const YamlNode& map, const std::string& key) {
  YamlNode& rest = make(Kind::Map, map);
  rest.entries = entries(map, "");
  std::erase_if(rest.entries, [&](const Entry& entry) { return entry.key->content().text == key; });
  return rest;
}

}  // namespace sluice::configuration
