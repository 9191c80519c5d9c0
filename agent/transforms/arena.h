// Memory for the new values of one batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// What is put here stays where it is until reset(), which keeps the memory: in a steady state
// nothing is allocated. One thread at a time.
class Arena {
 public:
  // Uninitialised.
  char* need(std::size_t size) {
    if (size > left()) {
      grow(size);
    }
    char* const start = chunks_[current_].bytes.get() + used_;
    used_ += size;
    return start;
  }

  std::string_view put(std::string_view text) {
    char* const copy = need(text.size());
    if (!text.empty()) {
      std::memcpy(copy, text.data(), text.size());
    }
    return {copy, text.size()};
  }

  // With so many zeros behind it.
  std::string_view put_padded(std::string_view text, std::size_t padding) {
    char* const copy = need(text.size() + padding);
    if (!text.empty()) {
      std::memcpy(copy, text.data(), text.size());
    }
    std::memset(copy + text.size(), 0, padding);
    return {copy, text.size()};
  }

  // For a text that is put together and then put here.
  std::string& scratch() {
    scratch_.clear();
    return scratch_;
  }

  void reset() {
    // What one unusually large batch needed is given back.
    while (chunks_.size() > 1 && total() > kKeepBytes) {
      chunks_.pop_back();
    }
    current_ = 0;
    used_ = 0;
  }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;  // NOLINT(modernize-avoid-c-arrays): of a size known late
    std::size_t size = 0;
  };
  static constexpr std::size_t kChunkBytes = 64UL * 1024;
  static constexpr std::size_t kKeepBytes = 512UL * 1024;

  [[nodiscard]] std::size_t left() const {
    return chunks_.empty() ? 0 : chunks_[current_].size - used_;
  }

  [[nodiscard]] std::size_t total() const {
    std::size_t sum = 0;
    for (const Chunk& chunk : chunks_) {
      sum += chunk.size;
    }
    return sum;
  }

  void grow(std::size_t size) {
    while (current_ + 1 < chunks_.size()) {
      ++current_;
      used_ = 0;
      if (left() >= size) {
        return;
      }
    }
    const std::size_t capacity = std::max(size, kChunkBytes);
    // NOLINTNEXTLINE(modernize-avoid-c-arrays,modernize-make-unique): not filled with zeros first
    chunks_.push_back({std::unique_ptr<char[]>(new char[capacity]), capacity});
    current_ = chunks_.size() - 1;
    used_ = 0;
  }

  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
  std::string scratch_;
};

}  // namespace sluice
