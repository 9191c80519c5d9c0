// Finds the fields of a payload that would collide with our own when they are put side by side.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

constexpr std::string_view kRenamePrefix = "payload_";

// Put kRenamePrefix at `offset`, `times` times, and the key collides no longer.
struct Rename {
  std::size_t offset;  // of the first character of the key
  std::size_t times;   // more than once if the object has a key of the new name, too
};

// One thread at a time.
class ReservedKeys {
 public:
  ReservedKeys();
  ~ReservedKeys();
  ReservedKeys(const ReservedKeys&) = delete;
  ReservedKeys& operator=(const ReservedKeys&) = delete;

  // The top-level keys of `object` that mean one of `reserved`, however they are spelled, in the
  // order of the text. `object` is a valid JSON object with MessageBatch::kPadding readable bytes
  // behind it. The result is valid until the next call.
  const std::vector<Rename>& find(std::string_view object,
                                  std::span<const std::string_view> reserved);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::vector<Rename> renames_;
};

}  // namespace sluice
