#include "config/document.h"

#include "config/yaml_advice.h"
#include "core/utf8.h"

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

Place place_of(const YAML::Mark& mark, int file) {
  return mark.is_null() ? Place{0, 0, file} : Place{mark.line + 1, mark.column + 1, file};
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
  TreeBuilder(Document& document, int file, Findings& findings)
      : document_(document), file_(file), findings_(findings) {}

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = place_of(mark, file_); }
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
  // The list or map that is not complete yet; null if there is none.
  [[nodiscard]] const YamlNode* innermost() const {
    return open_.empty() ? nullptr : open_.back().node;
  }

 private:
  struct Open {
    YamlNode* node;
    const YamlNode* key = nullptr;  // of a map: waits for its value
  };

  YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const Place place = place_of(mark, file_);
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
  int file_;
  Findings& findings_;
  std::map<YAML::anchor_t, const YamlNode*> anchors_;
  std::vector<Open> open_;
  Place start_;
};

struct FileText {
  std::string_view text;
  int number;
};

// Where a byte of the text stands.
Place place_at(const FileText& file, std::size_t offset) {
  const std::string_view before = file.text.substr(0, offset);
  const auto lines = std::ranges::count(before, '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = start == std::string_view::npos ? offset : offset - start - 1;
  return {static_cast<int>(lines) + 1, static_cast<int>(column) + 1, file.number};
}

// yaml-cpp takes some of these for the end of the file and silently reads no further.
bool is_plain_text(const FileText& file, Findings& findings) {
  const std::string_view text = file.text;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = character_length(text.substr(i));
    if (!length) {
      findings.error(place_at(file, i), "", "this is not UTF-8 text: save the file as UTF-8");
      return false;
    }
    if (is_control(text[i]) && std::string_view("\t\n\r").find(text[i]) == std::string_view::npos) {
      findings.error(place_at(file, i), "", "a control character is not allowed here: remove it");
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
std::optional<Place> tab_indent(const FileText& file, int last) {
  const std::string_view text = file.text;
  const std::vector<std::size_t> starts = line_starts(text);
  for (int line = 1; line <= std::min(last, static_cast<int>(starts.size())); ++line) {
    const std::size_t start = starts[static_cast<std::size_t>(line) - 1];
    const std::size_t end = text.find_first_not_of(" \t", start);
    const std::size_t tab = text.find('\t', start);
    if (tab != std::string_view::npos && (end == std::string_view::npos || tab < end)) {
      return Place{line, static_cast<int>(tab - start) + 1, file.number};
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
void hide_likely_secrets(const FileText& file, int line, Findings& findings) {
  const std::string_view shown = line_at(file.text, line);
  for (const std::string_view key : {"password", "bearer", "token", "secret", "key", "://"}) {
    const std::size_t found = shown.find(key);
    const bool names_a_user = key != "://" || shown.find('@') != std::string_view::npos;
    if (found != std::string_view::npos && names_a_user) {
      const std::size_t end = found + key.size();
      const auto after = static_cast<int>(end < shown.size() && shown[end] == ':' ? end + 1 : end);
      findings.hide({line, after + 1, file.number},
                    {line, static_cast<int>(shown.size()) + 1, file.number}, "");
    }
  }
}

// yaml-cpp takes the end of the file for the closing quote, and all that was swallowed for a value.
bool quotes_are_closed(const Document& document, const FileText& file, Findings& findings) {
  const std::string_view text = file.text;
  const std::vector<std::size_t> starts = line_starts(text);
  for (const YamlNode& node : document.nodes) {
    if (node.kind != YamlNode::Kind::Scalar || node.place.line < 1) {
      continue;
    }
    const std::size_t offset = starts[static_cast<std::size_t>(node.place.line) - 1] +
                               static_cast<std::size_t>(node.place.column) - 1;
    if (offset < text.size() && (text[offset] == '"' || text[offset] == '\'') &&
        !is_closed(text.substr(offset))) {
      hide_likely_secrets(file, node.place.line, findings);
      findings.error(node.place, "", "the quote that opens here is never closed");
      return false;
    }
  }
  return true;
}

void report(const YAML::Exception& problem, const TreeBuilder& builder, const FileText& file,
            Findings& findings) {
  Place place = place_of(problem.mark, file.number);
  if (const auto tab = tab_indent(file, place.line)) {
    hide_likely_secrets(file, tab->line, findings);
    findings.error(*tab, "", "a tab cannot indent a line in YAML: use spaces");
    return;
  }
  const std::string advice = yaml_advice(problem.msg, line_at(file.text, place.line));
  std::string message = "this is not valid YAML: " + problem.msg + advice;
  const bool misses_bracket = problem.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW ||
                              problem.msg == YAML::ErrorMsg::END_OF_MAP_FLOW;
  if (problem.msg == YAML::ErrorMsg::BAD_FILE) {
    message = "this is not valid YAML: nested too deeply";
  } else if (const YamlNode* open = builder.innermost(); misses_bracket && advice.empty() && open) {
    place = open->place;
    message = open->kind == YamlNode::Kind::List
                  ? "the [ that opens here is not closed: write ] behind the last item, and a "
                    "comma between two"
                  : "the { that opens here is not closed: write } behind the last value, and a "
                    "comma between two";
  }
  hide_likely_secrets(file, place.line, findings);
  findings.error(place, "", message);
}

}  // namespace

Document parse_document(std::string_view text, int file, Findings& findings) {
  const FileText content{text, file};
  Document document;
  if (!is_plain_text(content, findings)) {
    return document;
  }
  TreeBuilder builder(document, file, findings);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      YamlNode& nothing = document.nodes.emplace_back();
      nothing.place.file = file;
      document.root = &nothing;
      return document;
    }
    const YamlNode* root = document.root;
    document.nodes.back().end = place_at(content, text.size());
    const std::size_t count = document.nodes.size();
    if (parser.HandleNextDocument(builder)) {
      findings.error(builder.start(), "",
                     "a second YAML document begins here: a configuration is one document");
      document.nodes.resize(count);
    }
    document.root = root;
  } catch (const YAML::Exception& problem) {
    if (quotes_are_closed(document, content, findings)) {
      report(problem, builder, content, findings);
    }
    document.root = nullptr;
    return document;
  }
  if (!quotes_are_closed(document, content, findings)) {
    document.root = nullptr;
  }
  return document;
}

}  // namespace sluice::configuration
