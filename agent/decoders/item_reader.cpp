#include "decoders/item_reader.h"

#include "core/json_text.h"
#include "decoders/original.h"
#include "decoders/plain_value.h"
#include "decoders/record_output.h"

#include <utility>
#include <vector>

namespace sluice {

std::string_view ItemReader::read(std::string_view payload, std::string& out) {
  rest_ = payload;
  out_ = &out;
  error_ = {};
  depth_ = 0;
  in_key_ = false;
  if (read_inner() && !rest_.empty()) {
    mistake();
  }
  return error_;
}

bool ItemReader::mistake(std::string_view error) {
  if (error_.empty()) {
    error_ = error;
  }
  return false;
}

bool ItemReader::read_inner() {
  if (depth_ > kDeepest) {
    return mistake("too_deep");
  }
  if (out_->size() > kLargestOutput) {
    return mistake("too_large");
  }
  ++depth_;
  const bool is_read = read_item();
  --depth_;
  return is_read;
}

template <class ReadOne>
bool ItemReader::read_elements(std::optional<std::uint64_t> count, ReadOne read_one) {
  for (std::uint64_t i = 0; count ? i < *count : !at_end(); ++i) {
    if (i > 0) {
      *out_ += ',';
    }
    if (!read_one()) {
      return false;
    }
  }
  return true;
}

bool ItemReader::read_array(std::optional<std::uint64_t> count) {
  *out_ += '[';
  const bool is_read = read_elements(count, [this] { return read_inner(); });
  *out_ += ']';
  return is_read;
}

bool ItemReader::read_map(std::optional<std::uint64_t> count) {
  *out_ += '{';
  const bool is_read = read_elements(count, [this] {
    if (!read_key()) {
      return false;
    }
    *out_ += ':';
    return read_inner();
  });
  *out_ += '}';
  return is_read;
}

// A key that is not a string becomes the text that it is as a value. Not within such a key: the
// text of a text of a text doubles with every step.
bool ItemReader::read_key() {
  const std::size_t start = out_->size();
  const bool was_in_key = std::exchange(in_key_, true);
  const bool is_read = read_inner();
  in_key_ = was_in_key;
  if (!is_read || (*out_)[start] == '"') {
    return is_read;
  }
  const bool is_container = (*out_)[start] == '{' || (*out_)[start] == '[';
  if (is_container && in_key_) {
    return mistake("too_deep");
  }
  key_.assign(*out_, start);
  out_->resize(start);
  append_string(key_, *out_);
  return true;
}

std::optional<std::uint64_t> ItemReader::take_number(std::size_t bytes) {
  const auto digits = take(bytes);
  if (!digits) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char digit : *digits) {
    number = (number << 8U) | static_cast<unsigned char>(digit);
  }
  return number;
}

std::optional<std::string_view> ItemReader::take(std::uint64_t bytes) {
  if (bytes > rest_.size()) {
    return std::nullopt;
  }
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(bytes));
  rest_.remove_prefix(taken.size());
  return taken;
}

void ItemReader::write_text(std::string_view utf8) {
  append_string(utf8, *out_);
}

void ItemReader::write_bytes(std::string_view bytes) {
  *out_ += '"';
  append_base64(bytes, *out_);
  *out_ += '"';
}

namespace {

class ItemDecoder final : public Decoder {
 public:
  explicit ItemDecoder(std::unique_ptr<ItemReader> reader) : reader_(std::move(reader)) {}

  void decode(const Message& message, std::vector<Record>& records) override {
    if (add_if_cut(message, records)) {
      return;
    }
    output_.begin(message, records);
    const std::string_view error = reader_->read(message.payload, output_.text());
    if (error.empty()) {
      output_.add(message.received);
      output_.finish();
      return;
    }
    records.push_back(original_bytes(message, message.payload, error));
  }

 private:
  std::unique_ptr<ItemReader> reader_;
  RecordOutput output_;
};

}  // namespace

std::unique_ptr<Decoder> make_item_decoder(std::unique_ptr<ItemReader> reader) {
  return std::make_unique<ItemDecoder>(std::move(reader));
}

}  // namespace sluice
