// What a step remembers of groups of records, for a bounded number of them.
#pragma once

#include "transforms/batch.h"
#include "transforms/state_bytes.h"
#include "transforms/timeline.h"
#include "transforms/values.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice {

// Tells one list of names from another.
inline std::string joined(const std::vector<std::string>& names) {
  std::string all = std::to_string(names.size());
  for (const std::string& name : names) {
    all += '\0' + name;
  }
  return all;
}

// Which records belong together: those of one topic, or those in which all these fields have the
// same JSON text. A field that is missing is a value of its own.
class Grouping {
 public:
  explicit Grouping(const std::vector<std::string>& fields) : keys_(key_texts(fields)) {}

  // Valid until the next call, and as long as the row. Nothing if it is unusually long: then the
  // record belongs to no group, so that memory stays bounded.
  [[nodiscard]] std::optional<std::string_view> key_of(RowBatch& batch, const Row& row) {
    std::string_view key = row.topic;
    if (!keys_.empty()) {
      text_.clear();
      for (const std::string& field : keys_) {
        const RecordField* const found = batch.find(row, field);
        text_ += found != nullptr ? found->value : std::string_view();
        text_ += '\0';  // not part of any JSON text
      }
      key = text_;
    }
    return key.size() <= kLongestKey ? std::optional(key) : std::nullopt;
  }

  // As they stand in JSON text.
  [[nodiscard]] const std::vector<std::string>& fields() const { return keys_; }

 private:
  static constexpr std::size_t kLongestKey = 1024;

  std::vector<std::string> keys_;
  std::string text_;
};

// At most `most` groups; the one that was seen longest ago makes room for a new one. In a steady
// state nothing is allocated. One thread at a time.
template <class Value>
class GroupTable {
 public:
  explicit GroupTable(std::size_t most) : most_(most) {}

  [[nodiscard]] std::size_t size() const { return index_.size(); }

  // Null if it is not there. It has been seen now.
  [[nodiscard]] Value* find(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) {
      return nullptr;
    }
    unlink(found->second);
    link(found->second);
    return &slots_[found->second].value;
  }

  // It is not there yet. Holds anything at first: what the value of another group was. `evict` is
  // called with key and value of each that makes room.
  template <class Evict>
  Value& add(std::string_view key, Evict evict) {
    while (size() >= most_) {
      evict(std::string_view(slots_[oldest_].key), slots_[oldest_].value);
      remove(oldest_);
    }
    return put(key);
  }

  // The same without a limit, which is kept by the next add().
  Value& put(std::string_view key) {
    const std::uint32_t at = free_slot();
    slots_[at].key = key;
    insert(at);
    link(at);
    return slots_[at].value;
  }

  // From the one seen longest ago to the one seen last.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t at = oldest_; at != kNone; at = slots_[at].newer) {
      visit(std::string_view(slots_[at].key), slots_[at].value);
    }
  }
  template <class Unwanted>
  void remove_if(Unwanted unwanted) {
    for (std::uint32_t at = oldest_; at != kNone;) {
      const std::uint32_t next = slots_[at].newer;
      if (unwanted(std::string_view(slots_[at].key), slots_[at].value)) {
        remove(at);
      }
      at = next;
    }
  }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Slot {
    std::string key;
    Value value{};
    std::uint32_t older = kNone;
    std::uint32_t newer = kNone;
  };
  // The keys are views of those in the slots, which stay where they are.
  using Index = std::unordered_map<std::string_view, std::uint32_t>;

  std::uint32_t free_slot() {
    if (free_.empty()) {
      slots_.emplace_back();
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t at = free_.back();
    free_.pop_back();
    return at;
  }

  void insert(std::uint32_t at) {
    if (spare_.empty()) {
      index_.emplace(slots_[at].key, at);
      return;
    }
    typename Index::node_type node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = slots_[at].key;
    node.mapped() = at;
    index_.insert(std::move(node));
  }

  void remove(std::uint32_t at) {
    spare_.push_back(index_.extract(slots_[at].key));
    unlink(at);
    free_.push_back(at);
  }

  void link(std::uint32_t at) {
    slots_[at].older = newest_;
    slots_[at].newer = kNone;
    (newest_ != kNone ? slots_[newest_].newer : oldest_) = at;
    newest_ = at;
  }

  void unlink(std::uint32_t at) {
    const Slot& slot = slots_[at];
    (slot.older != kNone ? slots_[slot.older].newer : oldest_) = slot.newer;
    (slot.newer != kNone ? slots_[slot.newer].older : newest_) = slot.older;
  }

  std::size_t most_;
  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<typename Index::node_type> spare_;
  Index index_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
};

// A timeline and a table of groups that outlive a crash. `kind` names step and version, `meaning`
// is what the values depend on: saved ones with another meaning are left behind, and the step
// starts anew. A value has save(StateWriter&) and restore(StateReader&).
template <class Value>
class GroupState final : public Stateful {
 public:
  GroupState(std::string kind, std::string meaning, std::size_t most)
      : kind_(std::move(kind)), meaning_(std::move(meaning)), most_(most), groups_(most) {}

  [[nodiscard]] Timeline& timeline() { return timeline_; }
  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  [[nodiscard]] GroupTable<Value>& groups() { return groups_; }
  [[nodiscard]] const GroupTable<Value>& groups() const { return groups_; }

  // A time that is kept with them. Who moves it on touches the state as well.
  [[nodiscard]] Timestamp mark() const { return mark_; }
  void set_mark(Timestamp mark) { mark_ = mark; }

  // Something has changed that must not be forgotten.
  void touch() { changed_ = true; }
  [[nodiscard]] bool changed() const override { return changed_; }

  std::string save() override {
    changed_ = false;
    if (groups_.size() == 0 && mark_ == kNoMark) {
      return {};
    }
    StateWriter writer(kind_);
    writer.text(meaning_);
    timeline_.save(writer);
    writer.time(mark_.time_since_epoch());
    writer.number(groups_.size());
    groups_.for_each([&](std::string_view key, const Value& value) {
      writer.text(key);
      value.save(writer);
    });
    return writer.finish();
  }

  Status restore(std::string_view saved) override {
    Result<StateReader> reader = StateReader::open(saved, kind_);
    if (!reader) {
      return reader.error();
    }
    if (reader->text() != meaning_) {
      return {};
    }
    Timeline timeline;
    timeline.restore(*reader);
    const Timestamp mark(reader->time());
    GroupTable<Value> groups(most_);
    for (std::uint64_t left = reader->number(); left > 0 && reader->good(); --left) {
      const std::string_view key = reader->text();
      if (groups.find(key) != nullptr) {
        break;
      }
      groups.put(key).restore(*reader);
    }
    if (!reader->done()) {
      return Error{Reaction::Reject, "the state is damaged"};
    }
    timeline_ = timeline;
    mark_ = mark;
    groups_ = std::move(groups);
    return {};
  }

 private:
  std::string kind_;
  std::string meaning_;
  static constexpr Timestamp kNoMark = Timestamp::min();

  std::size_t most_;
  Timeline timeline_;
  Timestamp mark_ = kNoMark;
  GroupTable<Value> groups_;
  bool changed_ = false;
};

}  // namespace sluice
