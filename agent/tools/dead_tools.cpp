#include "tools/dead_tools.h"

#include "core/clock.h"
#include "tools/answer_reader.h"
#include "tools/record_printer.h"
#include "tools/terminal.h"
#include "tools/text.h"

#include <fmt/format.h>

namespace sluice {

namespace {

Result<std::string> query_of(const DeadChoice& choice) {
  std::string since;
  if (!choice.since.empty()) {
    const Result<Timestamp> time = parse_time(choice.since, SystemClock().now());
    if (!time) {
      return time.error();
    }
    since = std::to_string(time->time_since_epoch().count());
  }
  return Query()
      .add("flow", choice.flow)
      .add("sink", choice.sink)
      .add("reason", choice.reason)
      .add("since", since)
      .add("id", choice.id)
      .text();
}

// Calls `take` with every letter and the line it is on.
template <class Take>
Status for_each_letter(ToolBackend& backend, const std::string& query, Take take) {
  simdjson::dom::parser parser;
  return backend.ask(
      AdminMethod::Get, "/dead" + query, by_line([&](std::string_view line) -> Status {
        AnswerElement letter;
        if (parser.parse(line.data(), line.size()).get(letter) != simdjson::SUCCESS) {
          return not_understood();
        }
        take(letter, line);
        return {};
      }));
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 60;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

// The figure `name` of the answer, and how many were refused.
struct Outcome {
  std::uint64_t done = 0;
  std::uint64_t refused = 0;
  std::string detail;
};

Result<Outcome> change(ToolBackend& backend, AdminMethod method, const std::string& target,
                       const char* name) {
  const Result<std::string> text = ask_for_text(backend, method, target);
  if (!text) {
    return text.error();
  }
  simdjson::dom::parser parser;
  AnswerElement root;
  if (parser.parse(*text).get(root) != simdjson::SUCCESS) {
    return not_understood();
  }
  return Outcome{number_of(root, name), number_of(root, "refused"), text_of(root, "detail")};
}

Status judged(const Outcome& outcome) {
  if (outcome.refused == 0) {
    return {};
  }
  return Error{Reaction::Reject,
               fmt::format("{} not: {}", grouped(outcome.refused), printable(outcome.detail))};
}

}  // namespace

Status list_dead(ToolBackend& backend, const DeadChoice& choice, bool json, std::ostream& out) {
  const Result<std::string> query = query_of(choice);
  if (!query) {
    return query.error();
  }
  using Align = TextTable::Align;
  TextTable table({Align::Right, Align::Left, Align::Left, Align::Left, Align::Right, Align::Right,
                   Align::Left, Align::Left});
  table.add({"ID", "AT", "FLOW", "SINK", "SEQUENCE", "RECORDS", "REASON", "DETAIL"});
  std::uint64_t count = 0;
  Status listed =
      for_each_letter(backend, *query, [&](const AnswerElement& letter, std::string_view line) {
        ++count;
        if (json) {
          out << line << '\n';
          return;
        }
        const std::string sink = text_of(letter, "sink");
        table.add({std::to_string(number_of(letter, "id")), time_of(letter, "at_ms"),
                   printable(text_of(letter, "flow")), sink.empty() ? "-" : printable(sink),
                   std::to_string(number_of(letter, "first_seq")),
                   grouped(number_of(letter, "records")), printable(text_of(letter, "reason")),
                   shortened(printable(text_of(letter, "detail")))});
      });
  if (!listed || json) {
    return listed;
  }
  out << (count > 0 ? table.text() : "no dead letters\n");
  return {};
}

Status show_dead(ToolBackend& backend, const DeadChoice& choice, std::ostream& out) {
  const Result<std::string> query = query_of(choice);
  if (!query) {
    return query.error();
  }
  RecordPrinter printer({}, out);
  const Status asked = backend.ask(AdminMethod::Get, "/dead/export" + *query,
                                   [&](std::string_view piece) { return printer.take(piece); });
  return asked ? sluice::judged(printer.damaged()) : asked;
}

Status retry_dead(ToolBackend& backend, const DeadChoice& choice, std::ostream& out) {
  const Result<std::string> query = query_of(choice);
  if (!query) {
    return query.error();
  }
  const Result<Outcome> outcome =
      change(backend, AdminMethod::Post, "/dead/retry" + *query, "retried");
  if (!outcome) {
    return outcome.error();
  }
  out << grouped(outcome->done) << " dead letter(s) will be sent once more\n";
  return judged(*outcome);
}

Status drop_dead(ToolBackend& backend, const DeadChoice& choice, bool yes, std::ostream& out) {
  const Result<std::string> query = query_of(choice);
  if (!query) {
    return query.error();
  }
  if (!yes) {
    std::uint64_t count = 0;
    Status counted =
        for_each_letter(backend, *query, [&](const AnswerElement&, std::string_view) { ++count; });
    if (!counted) {
      return counted;
    }
    if (!confirmed_by_user("Drop " + grouped(count) + " dead letter(s) for ever?")) {
      return Error{Reaction::Closed, "nothing was dropped; without a terminal, say --yes"};
    }
  }
  const Result<Outcome> outcome = change(backend, AdminMethod::Delete, "/dead" + *query, "dropped");
  if (!outcome) {
    return outcome.error();
  }
  out << grouped(outcome->done) << " dead letter(s) dropped\n";
  return judged(*outcome);
}

}  // namespace sluice
