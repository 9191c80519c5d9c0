#include "transforms/field_steps.h"

#include "core/message.h"
#include "json/slicer.h"
#include "transforms/values.h"

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

class DropKeep final : public Step {
 public:
  DropKeep(const std::vector<std::string>& fields, bool keep)
      : keys_(key_texts(fields)), keep_(keep) {}

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      batch.keep_if(row, [this](const RecordField& field) {
        return std::ranges::any_of(keys_, [&field](const std::string& key) {
                 return same_key(key, field.key);
               }) == keep_;
      });
    });
  }

 private:
  std::vector<std::string> keys_;
  bool keep_;
};

class Rename final : public Step {
 public:
  explicit Rename(const std::vector<std::pair<std::string, std::string>>& names) {
    for (const auto& [from, to] : names) {
      names_.emplace_back(key_text(from), key_text(to));
    }
  }

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      for (const auto& [from, to] : names_) {
        rename(batch, row, from, to);
      }
    });
  }

 private:
  static void rename(RowBatch& batch, Row& row, std::string_view from, std::string_view to) {
    RecordField* field = batch.find(row, from);
    if (from == to || field == nullptr) {
      return;
    }
    if (batch.find(row, to) != nullptr) {
      batch.remove(row, to);
      field = batch.find(row, from);
    }
    field->key = to;
    row.changed = true;
  }

  std::vector<std::pair<std::string, std::string>> names_;
};

class Flatten final : public Step {
 public:
  explicit Flatten(const FlattenOptions& options)
      : separator_(key_text(options.separator)), depth_(options.depth) {}

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      if (std::ranges::any_of(batch.fields(row), is_object)) {
        flatten(batch, row);
      }
    });
  }

 private:
  static bool is_object(const RecordField& field) {
    return field.value.starts_with('{') && field.value != "{}";
  }

  void flatten(RowBatch& batch, Row& row) {
    flat_.clear();
    for (const RecordField& field : batch.fields(row)) {
      unfold(batch, field, depth_);
    }
    batch.keep_if(row, [](const RecordField&) { return false; });
    for (const RecordField& field : flat_) {
      batch.set(row, field.key, field.value);
    }
  }

  void unfold(RowBatch& batch, const RecordField& field, int levels) {
    if (!is_object(field) || levels == 0) {
      flat_.push_back(field);
      return;
    }
    Arena& arena = batch.arena();
    if (!slicer_.slice(arena.put_padded(field.value, MessageBatch::kPadding))) {
      flat_.push_back(field);  // a value that a step has made; those are valid
      return;
    }
    const std::vector<RecordField> members(slicer_.fields().begin(), slicer_.fields().end());
    for (const RecordField& member : members) {
      std::string& key = arena.scratch();
      key += field.key;
      key += separator_;
      key += member.key;
      unfold(batch, {arena.put(key), arena.put(member.value)}, levels - 1);
    }
  }

  std::string separator_;
  int depth_;
  JsonSlicer slicer_;
  std::vector<RecordField> flat_;
};

// The next level of a topic; removes it.
std::string_view take_level(std::string_view& topic) {
  const std::size_t end = std::min(topic.find('/'), topic.size());
  const std::string_view level = topic.substr(0, end);
  topic.remove_prefix(std::min(end + 1, topic.size()));
  return level;
}

class TopicTags final : public Step {
 public:
  static Result<std::unique_ptr<Step>> make(const std::string& pattern) {
    auto step = std::make_unique<TopicTags>();
    std::string_view rest = pattern;
    for (auto levels = 1 + std::ranges::count(pattern, '/'); levels > 0; --levels) {
      const std::string_view text = take_level(rest);
      if (text == "#" && levels == 1) {
        step->any_rest_ = true;
        break;
      }
      std::optional<Level> level = level_of(text);
      if (!level) {
        return Error{Reaction::Reject,
                     "a level of the topic is {name}, {_} or + for any, a last #, or a text: not " +
                         std::string(text)};
      }
      if (level->kind == Kind::Tag && step->has(level->text)) {
        return Error{Reaction::Reject, "the name " + level->text + " is there twice"};
      }
      step->levels_.push_back(*std::move(level));
    }
    return std::unique_ptr<Step>(std::move(step));
  }

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      if (matches(row.topic)) {
        tag(batch, row);
      }
    });
  }

 private:
  enum class Kind { Text, Any, Tag };
  struct Level {
    Kind kind;
    std::string text;
  };

  // Nothing if it is none.
  static std::optional<Level> level_of(std::string_view text) {
    if (text == "+" || text == "{_}") {
      return Level{Kind::Any, {}};
    }
    const bool tag = text.size() > 2 && text.starts_with('{') && text.ends_with('}');
    const std::string name(tag ? text.substr(1, text.size() - 2) : text);
    if (name.find_first_of(tag ? "{}#" : "{}#+") != std::string::npos) {
      return std::nullopt;
    }
    return Level{tag ? Kind::Tag : Kind::Text, tag ? key_text(name) : name};
  }

  [[nodiscard]] bool has(const std::string& tag) const {
    return std::ranges::any_of(levels_, [&tag](const Level& level) {
      return level.kind == Kind::Tag && level.text == tag;
    });
  }

  [[nodiscard]] bool matches(std::string_view topic) const {
    const auto count = 1 + static_cast<std::size_t>(std::ranges::count(topic, '/'));
    if (count < levels_.size() || (count > levels_.size() && !any_rest_)) {
      return false;
    }
    return std::ranges::all_of(levels_, [&topic](const Level& level) {
      const std::string_view text = take_level(topic);
      return level.kind != Kind::Text || text == level.text;
    });
  }

  void tag(RowBatch& batch, Row& row) const {
    std::string_view topic = row.topic;
    for (const Level& level : levels_) {
      const std::string_view text = take_level(topic);
      if (level.kind == Kind::Tag) {
        batch.set(row, level.text, put_text(text, batch.arena()));
      }
    }
  }

  std::vector<Level> levels_;
  bool any_rest_ = false;
};

}  // namespace

std::unique_ptr<Step> make_drop(const std::vector<std::string>& fields) {
  return std::make_unique<DropKeep>(fields, false);
}

std::unique_ptr<Step> make_keep(const std::vector<std::string>& fields) {
  return std::make_unique<DropKeep>(fields, true);
}

std::unique_ptr<Step> make_rename(const std::vector<std::pair<std::string, std::string>>& names) {
  return std::make_unique<Rename>(names);
}

std::unique_ptr<Step> make_flatten(const FlattenOptions& options) {
  return std::make_unique<Flatten>(options);
}

Result<std::unique_ptr<Step>> make_topic_tags(const std::string& pattern) {
  return TopicTags::make(pattern);
}

}  // namespace sluice
