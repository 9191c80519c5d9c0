#include "tests/fault/buffers/record_model.h"

#include "tests/support/line_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice {

namespace {

std::uint64_t sequence_in(const std::string& line) {
  constexpr std::size_t kDigits = 7;  // where they begin in {"seq":1
  return line.size() > kDigits ? std::stoull(line.substr(kDigits)) : 0;
}

std::pair<std::uint64_t, std::uint64_t> range_of(const Block& block) {
  return {number(block.first), number(block.last())};
}

std::string name(unsigned places) {
  std::string text;
  for (const auto& [place, word] :
       {std::pair{kQueue, " queue"}, std::pair{kDead, " dead"}, std::pair{kGone, " gone"}}) {
    text += (places & place) != 0 ? word : "";
  }
  return text;
}

}  // namespace

RecordModel::Sequences sequences_of(const Block& block) {
  RecordModel::Sequences sequences;
  for (const std::string& line : testing_support::lines_of(block)) {
    sequences.push_back(sequence_in(line));
  }
  return sequences;
}

void RecordModel::submitted(const Block& block) {
  const std::size_t flow = number(block.flow);
  Sequences& sequences = blocks_[number(block.first)];
  for (const std::string& line : testing_support::lines_of(block)) {
    const std::uint64_t sequence = sequence_in(line);
    sequences.push_back(sequence);
    lines_[sequence] = {flow, line};
    for (std::size_t sink = 0; sink < sinks_.at(flow); ++sink) {
      where_[{flow, sink}][sequence] = {};
    }
  }
}

void RecordModel::settled(std::uint64_t first) {
  for (const std::uint64_t sequence : blocks_.at(first)) {
    const std::size_t flow = lines_.at(sequence).first;
    for (std::size_t sink = 0; sink < sinks_.at(flow); ++sink) {
      Where& where = where_[{flow, sink}][sequence];
      where.after_a_crash = where.now == kQueue ? kQueue : where.after_a_crash;
    }
  }
}

void RecordModel::ask(std::size_t flow, std::size_t sink, const Sequences& records, Place where) {
  for (const std::uint64_t record : records) {
    Where& known = where_[{flow, sink}].at(record);
    known.now = where;
    known.after_a_crash |= where;
  }
}

void RecordModel::durable() {
  for (auto& [sink, records] : where_) {
    for (auto& [record, where] : records) {
      where.after_a_crash = where.now;
    }
  }
}

void RecordModel::handed_out(std::size_t flow, std::size_t sink, const Block& block) {
  EXPECT_EQ(number(block.flow), flow);
  const Sequences sequences = sequences_of(block);
  check_lines(block, sequences);
  for (const std::uint64_t each : sequences) {
    EXPECT_TRUE(is_in_queue(flow, sink, each)) << each << " is handed out once more";
  }
  check_bytes(block);
}

void RecordModel::check_lines(const Block& block, const Sequences& sequences) {
  ASSERT_EQ(sequences.size(), block.count);
  ASSERT_TRUE(std::ranges::is_sorted(sequences));
  EXPECT_EQ(sequences.front(), number(block.first));
  EXPECT_EQ(sequences.back(), number(block.last()));
  for (const std::string& line : testing_support::lines_of(block)) {
    const auto original = lines_.find(sequence_in(line));
    ASSERT_NE(original, lines_.end()) << "a record that was never submitted: " << line;
    EXPECT_EQ(line, original->second.second);
    EXPECT_EQ(number(block.flow), original->second.first);
  }
}

// Once handed out, a record is only ever handed out in the same bytes, or in a part of a block that
// somebody wanted to be split.
void RecordModel::check_bytes(const Block& block) {
  const Range range = range_of(block);
  for (const std::uint64_t each : sequences_of(block)) {
    const auto before = handed_out_.find(each);
    if (before != handed_out_.end()) {
      const auto& [earlier, data] = before->second;
      if (earlier == range) {
        EXPECT_TRUE(data == block.data) << "the block " << range.first << " has other bytes now";
      } else {
        EXPECT_TRUE(split_.contains(earlier) && range.first >= earlier.first &&
                    range.second <= earlier.second)
            << each << " was handed out in block " << earlier.first << " to " << earlier.second
            << " and now in " << range.first << " to " << range.second;
      }
    }
    handed_out_[each] = {range, block.data};
  }
}

bool RecordModel::split_asked(const Block& block) {
  return split_.insert(range_of(block)).second;
}

bool RecordModel::is_in_queue(std::size_t flow, std::size_t sink, std::uint64_t record) const {
  const auto& records = where_.at({flow, sink});
  const auto found = records.find(record);
  return found != records.end() && found->second.now == kQueue;
}

bool RecordModel::was_handed_out_last(const Block& block) const {
  return handed_out_.at(number(block.first)).range == range_of(block);
}

RecordModel::Sequences RecordModel::dead(std::size_t flow, std::size_t sink) const {
  Sequences dead;
  if (const auto records = where_.find({flow, sink}); records != where_.end()) {
    for (const auto& [record, where] : records->second) {
      if (where.now == kDead && where.after_a_crash == kDead) {
        dead.push_back(record);
      }
    }
  }
  return dead;
}

void RecordModel::found(std::size_t flow, std::size_t sink, const std::vector<BlockPtr>& queue,
                        const std::multiset<std::uint64_t>& dead) {
  std::multiset<std::uint64_t> waiting;
  for (const BlockPtr& block : queue) {
    const Sequences sequences = sequences_of(*block);
    check_lines(*block, sequences);
    check_bytes(*block);
    waiting.insert(sequences.begin(), sequences.end());
  }
  for (auto& [record, where] : where_[{flow, sink}]) {
    EXPECT_LE(waiting.count(record), 1U) << record << " is there twice";
    EXPECT_LE(dead.count(record), 1U) << record << " is dead twice";
    const unsigned place =
        (waiting.contains(record) ? kQueue : 0U) | (dead.contains(record) ? kDead : 0U);
    const unsigned there = place != 0 ? place : kGone;
    EXPECT_TRUE(there == kQueue || there == kDead || there == kGone) << record << name(there);
    EXPECT_NE(there & where.after_a_crash, 0U)
        << "record " << record << " of flow " << flow << " for sink " << sink << " is in"
        << name(there) << " and should be in" << name(where.after_a_crash);
    where = {there, there};
  }
}

}  // namespace sluice
