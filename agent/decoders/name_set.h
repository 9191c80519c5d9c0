// Whether a name has been there before, for as many names as a message may hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice {

// Takes the same time for names that were chosen to be hard. The names must outlive their being in
// the set. Its memory is used again.
class NameSet {
 public:
  NameSet();

  void clear();

  // False if it is there already.
  bool insert(std::string_view name);

 private:
  struct Slot {
    std::uint32_t round = 0;  // the slot is empty if it is not of this round
    std::uint32_t hash = 0;
    std::string_view name;
  };

  bool put(std::string_view name, std::uint32_t hash);
  void grow();

  std::uint64_t seed_;
  std::uint32_t round_ = 1;
  std::size_t used_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace sluice
