#include "tests/lab/bench_store.h"

#include "buffers/compaction.h"
#include "tests/lab/store_rig.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

namespace sluice::lab {

namespace {

using testing_support::SteppedBuffer;

constexpr std::size_t kBlockSize = 256UL * 1024;
// Any key will do.
constexpr const char* kKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
constexpr std::chrono::milliseconds kTick{1'000};
constexpr std::uint64_t kNoLimit = 1ULL << 44U;
// A sink that is quick: blocks between two commits while a backlog drains.
constexpr std::uint64_t kDrainedPerTick = 256;

// Where the file is: what was asked for, or a directory that goes away with the benchmark.
class Place {
 public:
  explicit Place(const std::string& asked, std::string key = {}) : key_(std::move(key)) {
    if (asked.empty()) {
      temporary_.emplace();
      path_ = temporary_->path();
    } else {
      std::filesystem::create_directories(asked);
      path_ = asked;
    }
    if (std::filesystem::exists(database())) {
      throw std::invalid_argument(path_ + " holds a buffer already");
    }
  }
  [[nodiscard]] std::string database() const { return path_ + "/buffer.db"; }
  [[nodiscard]] std::uint64_t file_size() const { return std::filesystem::file_size(database()); }
  [[nodiscard]] SqliteBufferOptions options() const {
    return {.directory = path_,
            .max_size = kNoLimit,
            .flush_interval = kTick,
            .routes = {{.flow = "telemetry", .sinks = {"cloud"}, .max_size = kNoLimit}},
            .encryption_key = key_};
  }

 private:
  std::string key_;
  std::optional<testing_support::TempDirectory> temporary_;
  std::string path_;
};

void open(SteppedBuffer& buffer) {
  if (const Status opened = buffer.open(); !opened) {
    throw std::runtime_error(opened.error().message);
  }
}

// A second passes; what has arrived is committed.
void commit(SteppedBuffer& buffer) {
  buffer.step();
  buffer.clock().advance(kTick);
  buffer.step();
  buffer.forget_settled();
}

std::uint64_t resident() {
  return testing_support::usage_of(getpid()).rss_bytes;
}

// What a block costs without a store. Not to be optimised away, so the results are added up.
class References {
 public:
  void measure(const LineSource::Lines& lines) {
    copy_.resize(lines.text.size());
    memcpy_.start();
    std::memcpy(copy_.data(), lines.text.data(), lines.text.size());
    memcpy_.stop();
    sum_ += static_cast<unsigned char>(copy_[lines.text.size() / 2]);
    zstd_.start();
    std::size_t begin = 0;
    BlockBuilder builder(FlowIndex(0), encoder_);
    for (const LineMark& mark : lines.marks) {
      builder.text().append(lines.text, begin, mark.end - begin);
      builder.end_line(mark.time);
      begin = mark.end;
      if (builder.full(Sequence(1))) {
        sum_ += builder.seal(Sequence(1)).data.size();
      }
    }
    while (!builder.empty()) {
      sum_ += builder.seal(Sequence(1)).data.size();
    }
    zstd_.stop();
  }
  void print(std::uint64_t records, double store_seconds) const {
    print_row("  zstd alone", fmt::format("{}, the store is {:.2f} times that", zstd_.per(records),
                                          store_seconds / zstd_.seconds()));
    print_row("  memcpy of the lines",
              fmt::format("{}, the store is {:.1f} times that", memcpy_.per(records),
                          store_seconds / memcpy_.seconds()));
    print_row("  (checksum)", std::to_string(sum_));
  }

 private:
  BlockEncoder encoder_{1, kBlockSize};
  CpuMeter memcpy_;
  CpuMeter zstd_;
  std::string copy_;
  std::uint64_t sum_ = 0;
};

// A store that is filled and then drained.
class MeasuredStore {
 public:
  MeasuredStore(const std::string& directory, std::string key = {})
      : place_(directory, std::move(key)), buffer_(place_.options()) {
    open(buffer_);
    empty_ = place_.file_size();
  }
  void append(const LineSource::Lines& lines) {
    append_.start();
    feeder_.feed(lines);
    commit(buffer_);
    append_.stop();
  }
  // How many bytes the file has become larger.
  std::uint64_t drain() {
    buffer_.close();  // everything is in the database file now
    const std::uint64_t full = place_.file_size();
    open(buffer_);
    drain_.start();
    while (drainer_.take(kDrainedPerTick)) {
      commit(buffer_);
    }
    commit(buffer_);
    drain_.stop();
    return full - empty_;
  }
  [[nodiscard]] std::uint64_t records() const { return feeder_.records(); }
  [[nodiscard]] std::uint64_t drained() const { return drainer_.records(); }
  [[nodiscard]] bool complete() const { return drainer_.in_order() && records() == drained(); }
  [[nodiscard]] const Feeder& feeder() const { return feeder_; }
  [[nodiscard]] const CpuMeter& append_cpu() const { return append_; }
  [[nodiscard]] const CpuMeter& drain_cpu() const { return drain_; }

 private:
  Place place_;
  SteppedBuffer buffer_;
  Feeder feeder_{buffer_, kBlockSize};
  Drainer drainer_{buffer_};
  CpuMeter append_;
  CpuMeter drain_;
  std::uint64_t empty_ = 0;
};

// Nothing happens for a while after a backlog has drained. How long the store was busy at a time.
struct GivingBack {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  unsigned steps = 0;
  CpuMeter pauses;
};
GivingBack give_back(SteppedBuffer& buffer, const Place& place) {
  constexpr unsigned kEnough = 10;  // steps without a change
  GivingBack result;
  result.before = place.file_size();
  result.after = result.before;
  buffer.clock().advance(Compaction::kCalm);
  for (unsigned idle = 0; idle < kEnough; ++idle) {
    result.pauses.start();
    buffer.step();
    result.pauses.stop();
    buffer.clock().advance(kTick);
    if (const std::uint64_t size = place.file_size(); size != result.after) {
      result.after = size;
      ++result.steps;
      idle = 0;
    }
  }
  return result;
}

}  // namespace

int run_store_bench(const StoreBenchOptions& options) {
  MeasuredStore plain(options.directory);
  MeasuredStore sealed(options.directory.empty() ? "" : options.directory + "/encrypted", kKey);
  LineSource source(options.size);
  References references;
  while (plain.records() < options.records) {
    const LineSource::Lines& lines = source.next(options.rate);
    references.measure(lines);
    plain.append(lines);
    sealed.append(lines);
  }
  const std::uint64_t records = plain.records();
  const std::uint64_t stored = plain.drain();
  const std::uint64_t stored_sealed = sealed.drain();
  const double seconds = plain.append_cpu().seconds();
  const auto times = [](const CpuMeter& meter, const CpuMeter& other) {
    return fmt::format("{:.3f} times that without", meter.seconds() / other.seconds());
  };
  print_row("records", fmt::format("{}, {} of lines each, {} a commit", records,
                                   bytes_per(plain.feeder().raw_bytes(), records), options.rate));
  print_row("encode, append and commit", plain.append_cpu().per(records) + " of CPU a record");
  references.print(records, seconds);
  print_row("  with encryption_key", sealed.append_cpu().per(records) + ", " +
                                         times(sealed.append_cpu(), plain.append_cpu()));
  print_row("drain", plain.drain_cpu().per(records) + " of CPU a record");
  print_row("  with encryption_key",
            sealed.drain_cpu().per(records) + ", " + times(sealed.drain_cpu(), plain.drain_cpu()));
  print_row("frames", bytes_per(plain.feeder().frame_bytes(), records) + " a record");
  print_row("stored", bytes_per(stored, records) + " a record");
  print_row("  with encryption_key", bytes_per(stored_sealed, records) + " a record");
  print_row("read back", std::to_string(plain.drained()));
  return plain.complete() && sealed.complete() ? 0 : 1;
}

int run_fifo_bench(const FifoBenchOptions& options) {
  constexpr std::uint64_t kRate = 10'000;
  const Place place(options.directory);
  SteppedBuffer buffer(place.options());
  open(buffer);
  LineSource source(StoreBenchOptions{}.size);
  Feeder feeder(buffer, kBlockSize);
  Drainer drainer(buffer);
  std::uint64_t largest = 0;
  std::uint64_t at_first = 0;
  while (feeder.records() < options.records) {
    feeder.feed(source.next(kRate));
    commit(buffer);
    while (feeder.records() - drainer.records() > options.held) {
      drainer.take(1);
    }
    if (feeder.records() == 2 * options.held) {
      at_first = place.file_size();
    }
    largest = std::max(largest, place.file_size());
  }
  print_row("records", std::to_string(feeder.records()));
  print_row("held all the time", std::to_string(options.held));
  print_row("file after twice as many", in_mebibytes(at_first));
  print_row("file at its largest", in_mebibytes(largest));
  return drainer.in_order() ? 0 : 1;
}

int run_backlog_bench(const BacklogBenchOptions& options) {
  constexpr std::size_t kFrame = 40'000;  // what a full block usually compresses to
  constexpr std::uint32_t kRecords = 1'300;
  constexpr std::uint64_t kBlocksPerCommit = 64;
  const Place place(options.directory);
  SteppedBuffer buffer(place.options());
  open(buffer);
  std::string noise(kFrame, '\0');
  std::mt19937_64 random(1);
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
  const std::uint64_t blocks = options.gibibytes * 1024 * 1024 * 1024 / kFrame;
  std::uint64_t next = 1;
  std::uint64_t small_memory = 0;
  for (std::uint64_t i = 1; i <= blocks; ++i) {
    std::memcpy(noise.data(), &i, sizeof(i));
    buffer.submit(testing_support::make_block(0, next, kRecords, noise));
    next += kRecords;
    if (i % kBlocksPerCommit == 0 || i == blocks) {
      commit(buffer);
    }
    if (i == kBlocksPerCommit) {
      small_memory = resident();
    }
  }
  const std::uint64_t full_memory = resident();
  buffer.close();
  CpuMeter opening;
  opening.start();
  open(buffer);
  opening.stop();
  const std::uint64_t opened_memory = resident();
  Drainer drainer(buffer);
  CpuMeter drain;
  CpuMeter pauses;
  drain.start();
  while (drainer.take(kDrainedPerTick)) {
    pauses.start();
    commit(buffer);
    pauses.stop();
  }
  pauses.start();
  commit(buffer);
  pauses.stop();
  drain.stop();
  const std::uint64_t drained_memory = resident();
  const GivingBack space = give_back(buffer, place);
  print_row("backlog", fmt::format("{} in {} blocks", in_mebibytes(space.before), blocks));
  print_row("opened in", fmt::format("{:.3f} s", opening.longest_wall()));
  print_row("memory with a few blocks", in_mebibytes(small_memory));
  print_row("memory when full", in_mebibytes(full_memory));
  print_row("memory after opening", in_mebibytes(opened_memory));
  print_row("memory when drained", in_mebibytes(drained_memory));
  print_row("drain", drain.per(drainer.records()) + " of CPU a record");
  print_row("longest commit while draining", fmt::format("{:.3f} s", pauses.longest_wall()));
  print_row("space given back", fmt::format("{} to {}, in {} steps, none longer than {:.3f} s",
                                            in_mebibytes(space.before), in_mebibytes(space.after),
                                            space.steps, space.pauses.longest_wall()));
  print_row("read back", fmt::format("{} of {} records, {}", drainer.records(), next - 1,
                                     drainer.in_order() ? "in order" : "NOT in order"));
  return drainer.in_order() && drainer.records() == next - 1 ? 0 : 1;
}

}  // namespace sluice::lab
