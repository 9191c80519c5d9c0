#include "tests/lab/receiver_arrivals.h"

#include <algorithm>

namespace sluice::lab {

namespace {

constexpr std::size_t kWordBits = 64;

constexpr std::uint64_t bit_of(std::uint64_t number) {
  return std::uint64_t{1} << (number % kWordBits);
}

}  // namespace

bool NumberSet::add(std::uint64_t number) {
  Run& run = runs_[number / kRun];
  if (run.missing == 0) {
    return false;
  }
  if (!run.bits) {
    run.bits = std::make_unique<Bits>();
  }
  std::uint64_t& word = (*run.bits)[number % kRun / kWordBits];
  if ((word & bit_of(number)) != 0) {
    return false;
  }
  word |= bit_of(number);
  --run.missing;
  if (run.missing == 0) {
    run.bits.reset();
  }
  ++size_;
  highest_ = std::max(highest_, number);
  return true;
}

bool NumberSet::has(std::uint64_t number) const {
  const auto run = runs_.find(number / kRun);
  if (run == runs_.end()) {
    return false;
  }
  return run->second.missing == 0 ||
         ((*run->second.bits)[number % kRun / kWordBits] & bit_of(number)) != 0;
}

void Arrivals::connected() {
  const MutexLock lock(mutex_);
  ++counts_.connections;
}

void Arrivals::accept(const AcceptedBlock& block, const CheckedLines& lines) {
  const MutexLock lock(mutex_);
  ++counts_.requests;
  counts_.records += lines.records;
  counts_.bytes += block.body_bytes;
  place(block, lines.records);
  for (const Sighting& sighting : lines.sightings) {
    sight(sighting);
  }
}

// A block that repeats what is here already is a retry, which is allowed at any time; one that
// brings something new must come after what was new before.
void Arrivals::place(const AcceptedBlock& block, std::uint64_t records) {
  if (!block.promise.first_seq || records == 0) {
    return;
  }
  Flow& flow = flows_[block.flow];
  const std::uint64_t first = *block.promise.first_seq;
  bool brings_new = false;
  for (std::uint64_t i = 0; i < records; ++i) {
    brings_new = flow.sequences.add(first + i) || brings_new;
  }
  if (!brings_new) {
    return;
  }
  if (first <= flow.last_new) {
    ++counts_.out_of_order;
    counts_.last_problem = "flow " + block.flow + ": block " + std::to_string(first) +
                           " came after block " + std::to_string(flow.last_new);
  }
  flow.last_new = std::max(flow.last_new, first);
}

void Arrivals::sight(const Sighting& sighting) {
  auto device = devices_.find(sighting.device);
  if (device == devices_.end()) {
    device = devices_.emplace(std::string(sighting.device), NumberSet{}).first;
  }
  if (device->second.add(sighting.n)) {
    ++counts_.distinct;
  } else {
    ++counts_.duplicates;
  }
}

void Arrivals::refuse() {
  const MutexLock lock(mutex_);
  ++counts_.refused;
}

void Arrivals::malformed(const std::string& problem) {
  const MutexLock lock(mutex_);
  ++counts_.malformed;
  counts_.last_problem = problem;
}

ReceiverCounts Arrivals::counts() const {
  const MutexLock lock(mutex_);
  ReceiverCounts counts = counts_;
  for (const auto& [name, numbers] : devices_) {
    counts.gaps += numbers.highest() + 1 - numbers.size();
  }
  return counts;
}

std::map<std::string, Receiver::Device> Arrivals::devices() const {
  const MutexLock lock(mutex_);
  std::map<std::string, Receiver::Device> devices;
  for (const auto& [name, numbers] : devices_) {
    devices[name] = {numbers.highest(), numbers.size()};
  }
  return devices;
}

bool Arrivals::has(const std::string& device, std::uint64_t n) const {
  const MutexLock lock(mutex_);
  const auto numbers = devices_.find(device);
  return numbers != devices_.end() && numbers->second.has(n);
}

}  // namespace sluice::lab
