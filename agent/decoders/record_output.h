// The JSON text of the records that one message becomes.
#pragma once

#include "core/message.h"
#include "core/record.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// What a few bytes may become at most: input can be made so that every byte of it means many.
constexpr std::size_t kLargestOutput = 8UL * 1024 * 1024;

// Its memory is used again: in a steady state nothing is allocated. One message at a time:
//
//   output.begin(message, records);
//   output.text() += "{}"; output.add(message.received);   // as often as needed
//   output.finish();                                       // before that, no body may be read
class RecordOutput {
 public:
  void begin(const Message& message, std::vector<Record>& records) {
    message_ = &message;
    records_ = &records;
    pending_.clear();
    text_.clear();
    if (text_.capacity() > kKeepBytes) {
      text_ = {};
    }
    start_ = 0;
  }

  // Append here. What has been appended since the last record is not yet one.
  std::string& text() { return text_; }
  [[nodiscard]] bool full() const { return text_.size() > kLargestOutput; }

  // What has been appended is a record.
  void add(Timestamp time, std::string_view error = "") {
    pending_.push_back({records_->size(), start_, text_.size() - start_});
    records_->push_back({.topic = message_->topic,
                         .time = time,
                         .kind = BodyKind::Json,
                         .body = {},
                         .error = error});
    start_ = text_.size();
  }

  // What has been appended is nothing.
  void drop() { text_.resize(start_); }

  // All records of this message are nothing.
  void drop_all() {
    records_->resize(records_->size() - pending_.size());
    pending_.clear();
    text_.clear();
    start_ = 0;
  }

  void finish() const {
    for (const Pending& each : pending_) {
      (*records_)[each.record].body = std::string_view(text_).substr(each.start, each.size);
    }
  }

 private:
  struct Pending {
    std::size_t record;
    std::size_t start;
    std::size_t size;
  };
  static constexpr std::size_t kKeepBytes = 512UL * 1024;

  const Message* message_ = nullptr;
  std::vector<Record>* records_ = nullptr;
  std::vector<Pending> pending_;
  std::string text_;
  std::size_t start_ = 0;
};

}  // namespace sluice
