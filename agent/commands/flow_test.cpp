#include "commands/flow_test.h"

#include "commands/flow_parts.h"
#include "commands/json_match.h"
#include "core/json_text.h"
#include "core/message.h"
#include "pipeline/block_builder.h"
#include "pipeline/flow_intake.h"
#include "pipeline/router.h"
#include "tools/frames.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice {

namespace {

using std::chrono::milliseconds;

// Moves only when it is told to.
class TestClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    return Timestamp(std::chrono::sys_days(std::chrono::year(2025) / 1 / 1)) + passed_;
  }
  [[nodiscard]] Instant elapsed() const override { return Instant(passed_); }
  void move_to(milliseconds passed) { passed_ = passed; }
  [[nodiscard]] milliseconds passed() const { return passed_; }

 private:
  milliseconds passed_{0};
};

std::vector<std::string> lines_in(const Block& block) {
  std::vector<std::string> lines;
  const Result<std::string> text = lines_of(block);
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end, rest.size() - 1) + 1);
  }
  return lines;
}

// One flow, run by hand.
class Bench {
 public:
  explicit Bench(const FlowConfig& config)
      : flow_(make_flow(config, clock_), FlowIndex{0}, encoder_, clock_) {
    router_.add(FlowIndex{0}, config.topics);
  }

  void run(const std::deque<FlowTestInput>& inputs) {
    for (const FlowTestInput& input : inputs) {
      if (input.after.count() > 0) {
        deliver();
        pass_time(input.after);
      }
      if (!input.topic.empty()) {
        batch_.add({.topic = input.topic,
                    .payload = input.payload,
                    .received = clock_.now(),
                    .retained = input.retained});
      }
    }
    deliver();
    collect();
  }

  std::vector<std::string> records;
  std::vector<std::string> dead;

 private:
  void deliver() {
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      const TopicRoute& route = router_.find(batch_[i].topic);
      if (!route.flows.empty()) {
        flow_.take(batch_, i, route.topic_json, Share{}, clock_.elapsed());
      }
    }
    flow_.end_batch();
    batch_.clear();
    collect();
  }

  // Whatever is due on the way happens at its time.
  void pass_time(milliseconds time) {
    const milliseconds until = clock_.passed() + time;
    for (std::optional<Instant> due = flow_.due(); due && *due <= Instant(until);
         due = flow_.due()) {
      const auto at = std::chrono::ceil<milliseconds>(due->time_since_epoch());
      clock_.move_to(std::max(at, clock_.passed()));
      flow_.run_due(clock_.elapsed());
      collect();
    }
    clock_.move_to(until);
  }

  void collect() {
    while (flow_.waiting_since()) {
      const FlowIntake::Sealed sealed = flow_.seal(next_);
      if (sealed.block.block->count > 0) {
        std::ranges::move(lines_in(*sealed.block.block), std::back_inserter(records));
      }
      for (const DeadInput& each : sealed.block.dead) {
        dead.push_back(described(each));
      }
    }
  }

  static std::string described(const DeadInput& input) {
    std::string json = R"({"reason":)";
    append_quoted(input.why.reason, json);
    json += R"(,"detail":)";
    append_quoted(input.why.detail, json);
    const std::string line = lines_in(*input.block).front();
    return json + ',' + line.substr(1);
  }

  TestClock clock_;
  BlockEncoder encoder_{1, 64UL * 1024 * 1024};
  FlowIntake flow_;
  Router router_;
  MessageBatch batch_;
  Sequence next_{1};
};

// `seq` and `ts` say nothing about what a flow does unless somebody asks for them.
std::string without_bookkeeping(const std::string& record, const std::string& expected) {
  simdjson::dom::parser parser;
  simdjson::dom::parser other;
  simdjson::dom::object object;
  simdjson::dom::object wanted;
  if (parser.parse(record).get_object().get(object) != simdjson::SUCCESS ||
      other.parse(expected).get_object().get(wanted) != simdjson::SUCCESS) {
    return record;
  }
  std::string json;
  for (const auto& [key, value] : object) {
    simdjson::dom::element named;
    const bool hidden =
        (key == "seq" || key == "ts") && wanted.at_key(key).get(named) != simdjson::SUCCESS;
    if (!hidden) {
      json += json.empty() ? "{" : ",";
      append_quoted(key, json);
      json += ':' + simdjson::minify(value);
    }
  }
  return json.empty() ? "{}" : json + '}';
}

// Each on a line of its own; empty: none.
std::string differences(const std::string& expected, const std::string& came, MatchKind kind) {
  std::string text;
  for (const std::string& line :
       json_differences(expected, without_bookkeeping(came, expected), kind)) {
    text += "\n    ";
    text += line;
  }
  return text;
}

void compare(const char* what, const std::string& expectation, const std::vector<std::string>& came,
             MatchKind kind, std::vector<std::string>& failures) {
  if (expectation.empty()) {
    return;
  }
  const std::vector<std::string> expected = json_items(expectation);
  for (std::size_t i = 0; i < std::max(expected.size(), came.size()); ++i) {
    const std::string name = std::string(what) + ' ' + std::to_string(i + 1);
    if (i >= came.size()) {
      failures.push_back(name + ": expected " + expected[i] + ", but nothing came out");
    } else if (i >= expected.size()) {
      failures.push_back(name + ": not expected: " + came[i]);
    } else {
      const std::string text = differences(expected[i], came[i], kind);
      if (!text.empty()) {
        failures.push_back(name + ": " + came[i]);
        failures.back() += text;
      }
    }
  }
}

std::string escaped_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

FlowTestResult run_flow_test(const Config& config, const FlowTest& test) {
  const auto flow = std::ranges::find(config.flows, test.flow, &FlowConfig::name);
  FlowTestResult result{
      .name = test.name, .flow = test.flow, .failures = {}, .records = {}, .dead = {}};
  if (flow == config.flows.end()) {
    result.failures.push_back("there is no flow " + test.flow);
    return result;
  }
  Bench bench(*flow);
  bench.run(test.inputs);
  const MatchKind kind = test.exact ? MatchKind::Exact : MatchKind::Partial;
  compare("record", test.expect, bench.records, kind, result.failures);
  compare("dead letter", test.dead, bench.dead, MatchKind::Partial, result.failures);
  if (test.dead.empty() && !bench.dead.empty()) {
    result.failures.push_back("dead letter 1: not expected: " + bench.dead.front());
  }
  result.records = std::move(bench.records);
  result.dead = std::move(bench.dead);
  return result;
}

std::string to_junit(const std::vector<FlowTestResult>& results) {
  const auto failed = std::ranges::count_if(
      results, [](const FlowTestResult& result) { return !result.failures.empty(); });
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"sluice\" tests=\"" +
      std::to_string(results.size()) + "\" failures=\"" + std::to_string(failed) + "\">\n";
  for (const FlowTestResult& result : results) {
    xml += "  <testcase classname=\"" + escaped_xml(result.flow) + "\" name=\"" +
           escaped_xml(result.name) + '"';
    if (result.failures.empty()) {
      xml += "/>\n";
      continue;
    }
    xml += ">\n    <failure message=\"" + escaped_xml(result.failures.front()) + "\">";
    for (const std::string& failure : result.failures) {
      xml += escaped_xml(failure) + '\n';
    }
    xml += "</failure>\n  </testcase>\n";
  }
  return xml + "</testsuite>\n";
}

}  // namespace sluice
