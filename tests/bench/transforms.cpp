// What the steps of a flow cost: runs generated records through them in batches, as the intake
// does, and prints the CPU time and the heap allocations of each record. The first rows are what
// any transform has to be compared with.
//
//   sluice-transform-bench [RECORDS OF A ROUND] [PART OF A NAME]
#include "core/json_text.h"
#include "core/message.h"
#include "transforms/chain.h"
#include "transforms/field_steps.h"
#include "transforms/sql_steps.h"
#include "transforms/value_steps.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {
std::uint64_t allocations = 0;
}  // namespace

// Those of shared libraries too. glibc has its own functions under these names for that.
extern "C" {
// NOLINTBEGIN: names and signatures are glibc's
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}
// NOLINTEND
}

namespace sluice {
namespace {

constexpr std::size_t kBatch = 512;
constexpr int kRounds = 15;
// As in an agent, what a batch is made of has just arrived and is still in the cache.
constexpr std::size_t kDistinct = 8 * kBatch;

struct Given {
  std::string_view topic;
  std::string_view body;
  Timestamp time;
};

// Twelve fields, one of them an object, 211 bytes on average, 200 devices; a third of them is
// warmer than 30 degrees. All in one piece of memory, as messages come from a source.
class Stream {
 public:
  explicit Stream(std::size_t records) {
    std::vector<std::array<std::size_t, 3>> places;
    for (std::size_t i = 0; i < records; ++i) {
      const std::size_t topic = bytes_.size();
      append_topic();
      const std::size_t body = bytes_.size();
      append_body(i);
      places.push_back({topic, body, bytes_.size()});
      bytes_.append(MessageBatch::kPadding, '\0');
    }
    const std::string_view all = bytes_;
    for (const auto& [topic, body, end] : places) {
      given_.push_back({all.substr(topic, body - topic), all.substr(body, end - body),
                        Timestamp(std::chrono::milliseconds(1'763'692'800'123))});
    }
  }

  [[nodiscard]] const std::vector<Given>& records() const { return given_; }

 private:
  std::uint64_t random(std::uint64_t below) { return random_() % below; }

  void append_topic() {
    device_ = "dev-" + std::to_string(100 + random(200));
    bytes_ += "sensors/plant-" + std::to_string(random(9)) + '/' + device_ + "/telemetry";
  }

  void append_decimal(std::string_view name, std::uint64_t below, std::uint64_t from) {
    const std::uint64_t tenths = random(below * 10) + from * 10;
    bytes_.append(",\"").append(name).append("\":");
    bytes_ += std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
  }

  void append_body(std::size_t number) {
    bytes_ += R"({"device":")" + device_ + R"(","seq":)" + std::to_string(number);
    append_decimal("temperature", 28, 12);
    append_decimal("humidity", 60, 30);
    append_decimal("pressure", 40, 990);
    bytes_ += R"(,"rssi":-)" + std::to_string(40 + random(50));
    append_decimal("battery", 2, 2);
    bytes_ += random(2) == 0 ? R"(,"door":true)" : R"(,"door":false)";
    bytes_ += R"(,"status":"ok","loc":{"lat":52.)" + std::to_string(random(90000) + 10000) +
              R"(,"lon":13.)" + std::to_string(random(90000) + 10000) +
              R"(},"fw":"2.4.1","note":null})";
  }

  std::mt19937_64 random_{1};
  std::string device_;
  std::string bytes_;
  std::vector<Given> given_;
};

// Writes what comes out as a line would be.
class Lines final : public TransformOutput {
 public:
  void pass(const Record& record, std::uint32_t /*origin*/) override {
    text_ += "{\"ts\":";
    append_number(record.time.time_since_epoch().count(), text_);
    text_ += ",\"topic\":\"";
    append_escaped(record.topic, text_);
    text_ += "\",\"data\":";
    text_ += record.body;
    text_ += "}\n";
    ++records;
    failed += record.error.empty() ? 0U : 1U;
  }
  void count(Fate /*fate*/, std::uint64_t /*records*/) override {}
  void count_made(std::uint64_t /*records*/) override {}

  void clear() { text_.clear(); }
  void append(std::string_view bytes) { text_ += bytes; }

  std::uint64_t records = 0;
  std::uint64_t failed = 0;

 private:
  std::string text_;
};

double cpu_microseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

using Work = std::function<void(std::span<const Given>, Lines&)>;

// One row of the output.
struct Case {
  std::string name;
  Work work;
  Lines out{};
  std::vector<double> rounds{};
  std::uint64_t allocated = 0;
  std::uint64_t counted = 0;

  void run(std::span<const Given> all, std::size_t records) {
    const std::uint64_t before = allocations;
    const double start = cpu_microseconds();
    std::size_t done = 0;
    while (done < records) {
      for (std::size_t at = 0; at < all.size(); at += kBatch) {
        out.clear();
        work(all.subspan(at, kBatch), out);
      }
      done += all.size();
    }
    rounds.push_back((cpu_microseconds() - start) / static_cast<double>(done));
    allocated += allocations - before;
    counted += done;
  }

  // What the first batches need to grow is not counted.
  void warm_up(std::span<const Given> all) {
    run(all, 1);
    rounds.clear();
    out.records = 0;
    allocated = 0;
    counted = 0;
  }

  void print() {
    std::ranges::sort(rounds);
    const auto of_all = [this](std::uint64_t count) {
      return static_cast<double>(count) / static_cast<double>(counted);
    };
    std::cout << std::left << std::setw(46) << name << std::right << std::fixed
              << std::setprecision(3) << std::setw(8) << rounds[rounds.size() / 2] << std::setw(10)
              << rounds.front() << std::setprecision(4) << std::setw(10) << of_all(allocated)
              << std::setprecision(0) << std::setw(8) << 100.0 * of_all(out.records) << "%\n";
    if (out.failed > 0) {
      std::cerr << name << ": " << out.failed << " records failed\n";
      std::exit(EXIT_FAILURE);  // NOLINT(concurrency-mt-unsafe): there is one thread
    }
  }
};

// Everything is written anew, although nothing has changed.
class Touch final : public Step {
 public:
  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([](Row& row) { row.changed = true; });
  }
};

template <class... Steps>
std::vector<NamedStep> steps(Steps... each) {
  std::vector<NamedStep> all;
  (all.push_back({"step", std::move(each)}), ...);
  return all;
}

std::unique_ptr<Step> sql(std::vector<SqlClause> clauses) {
  SqlMade made = make_sql_expressions(
      {.clauses = std::move(clauses), .types = {{"temperature", SqlType::Real}}});
  if (made.step == nullptr) {
    std::cerr << made.fault.message << '\n';
    std::exit(EXIT_FAILURE);  // NOLINT(concurrency-mt-unsafe): there is one thread
  }
  return std::move(made.step);
}

std::unique_ptr<Step> select(const std::string& query) {
  SqlMade made = make_sql_select({.query = query});
  if (made.step == nullptr) {
    std::cerr << made.fault.message << '\n';
    std::exit(EXIT_FAILURE);  // NOLINT(concurrency-mt-unsafe): there is one thread
  }
  return std::move(made.step);
}

Work through(std::vector<NamedStep> named) {
  const std::shared_ptr<Transforms> chain = make_chain(std::move(named), system_clock());
  return [chain](std::span<const Given> records, Lines& out) {
    std::uint32_t origin = 0;
    for (const Given& each : records) {
      chain->add({.topic = each.topic,
                  .time = each.time,
                  .kind = BodyKind::Json,
                  .body = each.body,
                  .error = {}},
                 origin++);
    }
    chain->run(out);
  };
}

void copy_bytes(std::span<const Given> records, Lines& out) {
  for (const Given& each : records) {
    out.append(each.topic);
    out.append(each.body);
  }
  out.records += records.size();
}

Work parse() {
  const auto parser = std::make_shared<simdjson::dom::parser>();
  return [parser](std::span<const Given> records, Lines& out) {
    for (const Given& each : records) {
      simdjson::dom::element document;
      const bool valid = parser->parse(each.body.data(), each.body.size(), false).get(document) ==
                         simdjson::SUCCESS;
      out.records += valid ? 1U : 0U;
    }
  };
}

std::vector<Case> cases() {
  const std::vector<std::pair<std::string, std::string>> names = {{"humidity", "humidity_pct"}};
  const auto hot = [] { return SqlClause{.condition = "temperature > 30"}; };
  const auto fields = [] {
    return SqlClause{
        .fields = {{"temperature", "temperature * 9 / 5 + 32"}, {"site", "topic_part(topic, 2)"}}};
  };
  const auto drop = [] { return make_drop({"rssi", "note"}); };
  const auto scale = [] {
    return make_scale({{.field = "temperature", .factor = 1.8, .offset = 32}});
  };
  const auto tags = [] { return std::move(*make_topic_tags("sensors/{site}/+/#")); };
  return {
      {"memcpy", copy_bytes},
      {"parse (simdjson)", parse()},
      {"no step", through({})},
      {"slice and emit", through(steps(std::make_unique<Touch>()))},
      {"drop, rename, scale, topic_tags",
       through(steps(drop(), make_rename(names), scale(), tags()))},
      {"filter (SQL)", through(steps(sql({hot()})))},
      {"filter (SQL), drop, rename, scale, topic_tags",
       through(steps(sql({hot()}), drop(), make_rename(names), scale(), tags()))},
      {"filter and set (SQL), drop, rename",
       through(steps(sql({hot(), fields()}), drop(), make_rename(names)))},
      {"set (SQL)", through(steps(sql({fields()})))},
      {"sql: GROUP BY device",
       through(steps(select(
           "SELECT device, avg(temperature) AS t, count(*) AS n FROM records GROUP BY device")))},
  };
}

}  // namespace
}  // namespace sluice

int main(int count, char** arguments) {
  const std::size_t records = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 50'000;
  const std::string_view part = count > 2 ? arguments[2] : "";
  const sluice::Stream stream(sluice::kDistinct);
  std::size_t bytes = 0;
  for (const sluice::Given& each : stream.records()) {
    bytes += each.body.size();
  }
  std::cout << "records of " << bytes / sluice::kDistinct << " bytes, batches of " << sluice::kBatch
            << ", median and best of " << sluice::kRounds << " rounds\n"
            << std::left << std::setw(46) << "" << std::right << std::setw(8) << "us CPU"
            << std::setw(10) << "best" << std::setw(10) << "allocs" << std::setw(9) << "out\n";
  std::vector<sluice::Case> cases = sluice::cases();
  std::erase_if(cases, [part](const sluice::Case& each) {
    return each.name.find(part) == std::string::npos;
  });
  for (sluice::Case& each : cases) {
    each.warm_up(stream.records());
  }
  // In turn, so that what else this machine does meets all of them.
  for (int i = 0; i < sluice::kRounds; ++i) {
    for (sluice::Case& each : cases) {
      each.run(stream.records(), records);
    }
  }
  for (sluice::Case& each : cases) {
    each.print();
  }
  return 0;
}
