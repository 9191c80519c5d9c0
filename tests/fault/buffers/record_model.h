// What a buffer must remember, record by record: the plain model that the real one is compared
// with.
#pragma once

#include "core/block.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// Where a record can be, as one sink sees it.
enum Place : unsigned {
  kQueue = 1U,  // still to be delivered
  kDead = 2U,   // among the dead letters
  kGone = 4U,   // confirmed, dropped, or never stored
};

// Reports what is wrong as failures of the running test.
class RecordModel {
 public:
  using Sequences = std::vector<std::uint64_t>;

  explicit RecordModel(std::vector<std::size_t> sinks) : sinks_(std::move(sinks)) {}

  void submitted(const Block& block);
  void settled(std::uint64_t first);
  // The sink asks for this; before the next durable() a crash may forget it.
  void ask(std::size_t flow, std::size_t sink, const Sequences& records, Place where);
  // Everything asked for so far, and nothing else, is on the disk.
  void durable();

  void handed_out(std::size_t flow, std::size_t sink, const Block& block);
  // From now on parts of this block may be handed out in its place. False: also before.
  bool split_asked(const Block& block);

  [[nodiscard]] bool is_in_queue(std::size_t flow, std::size_t sink, std::uint64_t record) const;
  [[nodiscard]] bool was_handed_out_last(const Block& block) const;
  [[nodiscard]] Sequences dead(std::size_t flow, std::size_t sink) const;

  // After a restart: what the sink is handed out, and of which records there are dead letters. From
  // then on they are where they were found.
  void found(std::size_t flow, std::size_t sink, const std::vector<BlockPtr>& queue,
             const std::multiset<std::uint64_t>& dead);

  [[nodiscard]] std::size_t records() const { return lines_.size(); }

 private:
  struct Where {
    unsigned now = kQueue;
    unsigned after_a_crash = kQueue | kGone;
  };
  using Range = std::pair<std::uint64_t, std::uint64_t>;
  struct HandedOut {
    Range range;
    std::string data;
  };

  void check_bytes(const Block& block);
  void check_lines(const Block& block, const Sequences& sequences);

  std::vector<std::size_t> sinks_;                                      // of each flow
  std::map<std::uint64_t, std::pair<std::size_t, std::string>> lines_;  // flow and line
  std::map<std::uint64_t, Sequences> blocks_;                           // as submitted
  std::map<std::pair<std::size_t, std::size_t>, std::map<std::uint64_t, Where>> where_;
  std::map<std::uint64_t, HandedOut> handed_out_;  // by record
  std::set<Range> split_;
};

// The sequences that the lines of a block tell.
RecordModel::Sequences sequences_of(const Block& block);

}  // namespace sluice
