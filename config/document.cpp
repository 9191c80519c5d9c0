#include "config/document.h"

#include "config/utf8.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace sluice::configuration {

namespace {

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

bool is_known_tag(const std::string& tag) {
  constexpr std::string_view kStandard = "tag:yaml.org,2002:";
  constexpr std::array<std::string_view, 7> kTypes{"str",  "int", "float", "bool",
                                                   "null", "map", "seq"};
  if (tag.empty() || tag == "?" || tag == "!") {
    return true;
  }
  return tag.starts_with(kStandard) &&
         std::ranges::find(kTypes, std::string_view(tag).substr(kStandard.size())) != kTypes.end();
}

// Builds the tree from the parser's events. yaml-cpp's own tree forgets where aliases stand and
// which keys are written twice.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Document& document, Findings& findings) : document_(document), findings_(findings) {}

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = place_of(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(YamlNode::Kind::Null, mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(YamlNode::Kind::Null, mark, 0).target = anchors_.at(anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode& node = add(YamlNode::Kind::Scalar, mark, anchor);
    node.text = value;
    check_tag(tag, node.place);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::List, mark, tag, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::Map, mark, tag, anchor);
  }
  void OnMapEnd() override { open_.pop_back(); }

  [[nodiscard]] Place start() const { return start_; }

 private:
  struct Open {
    YamlNode* node;
    const YamlNode* key = nullptr;  // of a map: waits for its value
  };

  YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const Place place = place_of(mark);
    if (!document_.nodes.empty()) {
      document_.nodes.back().end = place;
    }
    YamlNode& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.place = place;
    if (anchor != 0) {
      anchors_[anchor] = &node;
    }
    attach(node);
    return node;
  }

  void attach(const YamlNode& node) {
    if (open_.empty()) {
      document_.root = &node;
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::List) {
      parent.node->items.push_back(&node);
    } else if (parent.key == nullptr) {
      parent.key = &node;
    } else {
      parent.node->entries.push_back({std::exchange(parent.key, nullptr), &node});
    }
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    YamlNode& node = add(kind, mark, anchor);
    check_tag(tag, node.place);
    open_.push_back({&node});
  }

  void check_tag(const std::string& tag, Place place) {
    if (!is_known_tag(tag)) {
      findings_.error(place, "", "the tag " + quoted(tag) + " is not supported: remove it");
    }
  }

  Document& document_;
  Findings& findings_;
  std::map<YAML::anchor_t, const YamlNode*> anchors_;
  std::vector<Open> open_;
  Place start_;
};

// Where a byte of the text stands.
Place place_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::ranges::count(before, '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = start == std::string_view::npos ? offset : offset - start - 1;
  return {static_cast<int>(lines) + 1, static_cast<int>(column) + 1};
}

// yaml-cpp takes some of these for the end of the file and silently reads no further.
bool is_plain_text(std::string_view text, Findings& findings) {
  for (std::size_t i = 0; i < text.size();) {
    const auto length = character_length(text.substr(i));
    if (!length) {
      findings.error(place_at(text, i), "", "this is not UTF-8 text: save the file as UTF-8");
      return false;
    }
    if (is_control(text[i]) && std::string_view("\t\n\r").find(text[i]) == std::string_view::npos) {
      findings.error(place_at(text, i), "", "a control character is not allowed here: remove it");
      return false;
    }
    i += *length;
  }
  return true;
}

std::vector<std::size_t> line_starts(std::string_view text) {
  std::vector<std::size_t> starts{0};
  for (std::size_t i = text.find('\n'); i != std::string_view::npos; i = text.find('\n', i + 1)) {
    starts.push_back(i + 1);
  }
  return starts;
}

// The quote that opens at the front of `text` is closed somewhere.
bool is_closed(std::string_view text) {
  const char quote = text[0];
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool escaped = quote == '"' ? text[i] == '\\' : text.substr(i).starts_with("''");
    if (escaped) {
      ++i;
    } else if (text[i] == quote) {
      return true;
    }
  }
  return false;
}

// The first line up to `last` that is indented with a tab.
std::optional<Place> tab_indent(std::string_view text, int last) {
  const std::vector<std::size_t> starts = line_starts(text);
  for (int line = 1; line <= std::min(last, static_cast<int>(starts.size())); ++line) {
    const std::size_t start = starts[static_cast<std::size_t>(line) - 1];
    const std::size_t end = text.find_first_not_of(" \t", start);
    const std::size_t tab = text.find('\t', start);
    if (tab != std::string_view::npos && (end == std::string_view::npos || tab < end)) {
      return Place{line, static_cast<int>(tab - start) + 1};
    }
  }
  return std::nullopt;
}

std::string_view line_at(std::string_view text, int line) {
  const std::vector<std::size_t> starts = line_starts(text);
  if (line < 1 || line > static_cast<int>(starts.size())) {
    return {};
  }
  const std::string_view from = text.substr(starts[static_cast<std::size_t>(line) - 1]);
  return from.substr(0, from.find('\n'));
}

// Which values are secrets is not known when there is no tree; their keys are.
void hide_likely_secrets(std::string_view text, int line, Findings& findings) {
  const std::string_view shown = line_at(text, line);
  for (const std::string_view key : {"password", "bearer", "token", "secret", "key", "://"}) {
    const std::size_t found = shown.find(key);
    const bool names_a_user = key != "://" || shown.find('@') != std::string_view::npos;
    if (found != std::string_view::npos && names_a_user) {
      const auto after = static_cast<int>(found + key.size());
      findings.hide({line, after + 1}, {line, static_cast<int>(shown.size()) + 1}, "");
    }
  }
}

// yaml-cpp takes the end of the file for the closing quote, and all that was swallowed for a value.
bool quotes_are_closed(const Document& document, std::string_view text, Findings& findings) {
  const std::vector<std::size_t> starts = line_starts(text);
  for (const YamlNode& node : document.nodes) {
    if (node.kind != YamlNode::Kind::Scalar || node.place.line < 1) {
      continue;
    }
    const std::size_t offset = starts[static_cast<std::size_t>(node.place.line) - 1] +
                               static_cast<std::size_t>(node.place.column) - 1;
    if (offset < text.size() && (text[offset] == '"' || text[offset] == '\'') &&
        !is_closed(text.substr(offset))) {
      hide_likely_secrets(text, node.place.line, findings);
      findings.error(node.place, "", "the quote that opens here is never closed");
      return false;
    }
  }
  return true;
}

void report(const YAML::Exception& problem, std::string_view text, Findings& findings) {
  Place place = place_of(problem.mark);
  if (const auto tab = tab_indent(text, place.line)) {
    hide_likely_secrets(text, tab->line, findings);
    findings.error(*tab, "", "a tab cannot indent a line in YAML: use spaces");
    return;
  }
  std::string message = "this is not valid YAML: " + problem.msg;
  if (problem.msg == YAML::ErrorMsg::BAD_FILE) {
    message = "this is not valid YAML: nested too deeply";
  } else if (line_at(text, place.line).find("${") != std::string_view::npos) {
    message += " (inside {…} and […], ${…} must stand in quotes: \"${NAME}\")";
  }
  hide_likely_secrets(text, place.line, findings);
  findings.error(place, "", message);
}

}  // namespace

Document parse_document(std::string_view text, Findings& findings) {
  Document document;
  if (!is_plain_text(text, findings)) {
    return document;
  }
  TreeBuilder builder(document, findings);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder) || document.root->kind == YamlNode::Kind::Null) {
      findings.error({}, "", "the file is empty: it must define sources, flows and sinks");
      document.root = nullptr;
      return document;
    }
    const YamlNode* root = document.root;
    if (!document.nodes.empty()) {
      document.nodes.back().end = place_at(text, text.size());
    }
    const std::size_t count = document.nodes.size();
    if (parser.HandleNextDocument(builder)) {
      findings.error(builder.start(), "",
                     "a second YAML document begins here: a configuration is one document");
      document.nodes.resize(count);
    }
    document.root = root;
  } catch (const YAML::Exception& problem) {
    report(problem, text, findings);
    document.root = nullptr;
    return document;
  }
  if (!quotes_are_closed(document, text, findings)) {
    document.root = nullptr;
  }
  return document;
}

}  // namespace sluice::configuration
