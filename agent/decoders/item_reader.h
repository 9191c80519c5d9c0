// What the binary forms of JSON have in common: one item in, the text of one JSON value out.
#pragma once

#include "core/decoder.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// Base of the readers of one format. One thread at a time.
class ItemReader {
 public:
  ItemReader() = default;
  virtual ~ItemReader() = default;
  ItemReader(const ItemReader&) = delete;
  ItemReader& operator=(const ItemReader&) = delete;

  // Appends the value that `payload` is. Returns what is wrong with it, or nothing; then what has
  // been appended means nothing.
  std::string_view read(std::string_view payload, std::string& out);

 protected:
  // Takes one item off the input, with everything in it. False: mistake() has been called.
  virtual bool read_item() = 0;

  // The word for what does not follow the format.
  [[nodiscard]] virtual std::string_view malformed() const = 0;

  // Items to be read within one another; JSON of the same depth is what other parts can read.
  static constexpr std::size_t kDeepest = 64;

  bool mistake() { return mistake(malformed()); }
  bool mistake(std::string_view error);

  // A container of `count` elements, or of those before the end that at_end() finds.
  bool read_array(std::optional<std::uint64_t> count);
  bool read_map(std::optional<std::uint64_t> count);
  virtual bool at_end() { return false; }

  // read_item(), one level further down.
  bool read_inner();

  // Off the front of the input. Numbers are big-endian.
  std::optional<std::uint64_t> take_number(std::size_t bytes);
  std::optional<std::string_view> take(std::uint64_t bytes);
  [[nodiscard]] std::string_view rest() const { return rest_; }

  [[nodiscard]] std::string& out() { return *out_; }
  void write_text(std::string_view utf8);
  void write_bytes(std::string_view bytes);

 private:
  template <class ReadOne>
  bool read_elements(std::optional<std::uint64_t> count, ReadOne read_one);
  bool read_key();

  std::string_view rest_;
  std::string* out_ = nullptr;
  std::string_view error_;
  std::size_t depth_ = 0;
  bool in_key_ = false;
  std::string key_;
};

// One record for each message, with the error of the reader if it has one.
std::unique_ptr<Decoder> make_item_decoder(std::unique_ptr<ItemReader> reader);

}  // namespace sluice
