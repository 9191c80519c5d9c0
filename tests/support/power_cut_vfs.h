// A disk in memory that forgets, tears and garbles what was not synced when its power is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sluice::testing_support {

struct PowerCutOptions {
  std::size_t sector = 512;       // what is written as a whole or not at all
  bool garble_in_flight = false;  // one unsynced 4 KiB sector of each file becomes noise, together
                                  // with what was in it before
};

// More hostile than a real file system: of each sector a random number of the unsynced writes
// survives, whatever survives of its neighbours, and a file may have any size it had on the way.
// Unsynced deletions may be undone. One thread; at most one disk at a time is in use.
class PowerCutDisk {
 public:
  PowerCutDisk(PowerCutOptions options, std::uint64_t seed);
  ~PowerCutDisk();
  PowerCutDisk(const PowerCutDisk&) = delete;
  PowerCutDisk& operator=(const PowerCutDisk&) = delete;

  // Pass as SqliteBufferOptions::vfs.
  static const char* vfs();

  // The power goes during the write, sync, truncation or deletion with this number, from now.
  void cut_at(std::uint64_t operation);
  void cut_now() { on_ = false; }
  [[nodiscard]] bool is_on() const { return on_; }
  [[nodiscard]] std::uint64_t operations() const { return operations_; }

  // Decides what has survived, and turns the disk on. Files must have been closed before.
  void restart();

  // The whole disk, to look at it without changing it.
  struct Image;
  [[nodiscard]] std::shared_ptr<const Image> image() const;
  void restore(const std::shared_ptr<const Image>& image);

  // For the layer itself.
  struct Change {
    bool truncates = false;
    std::size_t at = 0;  // the new size if it truncates
    std::string bytes;
  };
  struct File {
    bool durable_entry = false;  // its name is on the disk
    std::string durable;
    std::string current;
    std::vector<Change> unsynced;
  };
  using Files = std::map<std::string, std::shared_ptr<File>>;
  Files files;
  Files deleted;  // deletions that were not synced
  // Counts an operation; false: the power is off, or goes off with this one.
  bool operate();
  void sync_directory();  // names and deletions, not the contents of files

 private:
  std::string survivor(const File& file);
  std::size_t surviving_size(const File& file);
  void keep_sectors(const File& file, std::string& bytes);
  void garble(const File& file, std::string& bytes);
  std::size_t below(std::size_t limit);

  PowerCutOptions options_;
  std::mt19937_64 random_;
  bool on_ = true;
  std::uint64_t operations_ = 0;
  std::uint64_t cut_at_;
};

}  // namespace sluice::testing_support
