#include "tools/buffer_tools.h"

#include "core/clock.h"
#include "tools/answer_reader.h"
#include "tools/export_file.h"
#include "tools/record_printer.h"
#include "tools/terminal.h"
#include "tools/text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <utility>

namespace sluice {

namespace {

void print_listing(const AnswerElement& root, std::ostream& out) {
  using Align = TextTable::Align;
  TextTable table({Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Left,
                   Align::Left});
  table.add({"FLOW", "SINK", "BLOCKS", "RECORDS", "BYTES", "OLDEST", "CONFIRMED"});
  for_each(root, "flows", [&](const AnswerElement& flow) {
    table.add({printable(text_of(flow, "name")), "", grouped(number_of(flow, "blocks")),
               grouped(number_of(flow, "records")), size_in_words(number_of(flow, "bytes")),
               time_of(flow, "oldest_ms"), ""});
    for_each(flow, "sinks", [&](const AnswerElement& sink) {
      std::string confirmed = std::to_string(number_of(sink, "confirmed_seq"));
      for_each(sink, "ranges", [&](const AnswerElement& range) {
        confirmed += fmt::format(" {}-{}", std::uint64_t(range.at(0)), std::uint64_t(range.at(1)));
      });
      table.add({"", printable(text_of(sink, "name")), grouped(number_of(sink, "blocks")),
                 grouped(number_of(sink, "records")), size_in_words(number_of(sink, "bytes")), "",
                 confirmed});
    });
  });
  out << table.text();
  out << fmt::format("\nfile {} ({} in use), last sequence {}, epoch {}\n",
                     size_in_words(number_of(root, "file_bytes")),
                     size_in_words(number_of(root, "used_bytes")), number_of(root, "last_seq"),
                     text_of(root, "epoch"));
  if (const std::uint64_t dead = number_of(root, "dead_letters"); dead > 0) {
    out << fmt::format("{} dead letter(s): see `sluice dead ls`\n", grouped(dead));
  }
  if (const std::uint64_t aside = number_of(root, "quarantined_blocks"); aside > 0) {
    out << fmt::format("{} damaged block(s) were set aside\n", grouped(aside));
  }
}

std::string sentence_of(const AnswerElement& line) {
  if (line["gap"].error() == simdjson::SUCCESS) {
    return fmt::format("note: no block has the sequences {} to {}, and no sink has confirmed them",
                       number_of(line, "first_seq"), number_of(line, "last_seq"));
  }
  const std::string what = text_of(line, "finding");
  const std::string flow = printable(text_of(line, "flow"));
  if (what == "unbalanced") {
    return fmt::format("{}: flow {}: {}", what, flow, text_of(line, "detail"));
  }
  return fmt::format("{}: flow {}, sequences {} to {}, {} record(s): {}", what, flow,
                     number_of(line, "first_seq"), number_of(line, "last_seq"),
                     number_of(line, "records"), text_of(line, "detail"));
}

std::string summary_of(const AnswerElement& line) {
  std::string text =
      fmt::format("{} block(s), {} record(s), {}: {} finding(s)\n",
                  grouped(number_of(line, "blocks")), grouped(number_of(line, "records")),
                  size_in_words(number_of(line, "bytes")), number_of(line, "findings"));
  if (const std::uint64_t busy = number_of(line, "flows_in_use"); busy > 0) {
    text += fmt::format("the ledger of {} flow(s) could not be compared: they changed meanwhile\n",
                        busy);
  }
  if (number_of(line, "gaps") > 0) {
    text +=
        "sequences that no block has are no fault by themselves: they were given to records that "
        "were dropped or purged, or that had not been stored when the agent ended\n";
  }
  return text;
}

// The flow that was named, or all there are.
Result<std::vector<std::string>> flows_of(ToolBackend& backend, const std::string& named) {
  if (!named.empty()) {
    return std::vector{named};
  }
  const Result<std::string> text = ask_for_text(backend, AdminMethod::Get, "/buffer/stats");
  if (!text) {
    return text.error();
  }
  simdjson::dom::parser parser;
  AnswerElement root;
  if (parser.parse(*text).get(root) != simdjson::SUCCESS) {
    return not_understood();
  }
  std::vector<std::string> flows;
  for_each(root, "flows",
           [&](const AnswerElement& flow) { flows.push_back(text_of(flow, "name")); });
  return flows;
}

// Writes what arrives, after a look at the notes in it.
class Exporter {
 public:
  explicit Exporter(ExportFile& file) : file_(file), progress_("exported") {}

  Status take(std::string_view piece) {
    frames_.feed(piece);
    while (true) {
      const Result<std::optional<FrameSplitter::Frame>> frame = frames_.next();
      if (!frame) {
        return frame.error();
      }
      if (!frame->has_value()) {
        return file_.write(piece);
      }
      const FrameNote& note = (*frame)->note;
      if (file_.so_far().epoch.value_or(note.epoch) != note.epoch) {
        return Error{Reaction::Reject, "the file holds records of another buffer"};
      }
      damaged_ += note.damaged ? 1 : 0;
      records_ += note.damaged ? 0 : note.records;
      progress_.show(records_, "records");
    }
  }

  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  ExportFile& file_;
  Progress progress_;
  FrameSplitter frames_;
  std::uint64_t records_ = 0;
  std::uint64_t damaged_ = 0;
};

}  // namespace

Status list_buffer(ToolBackend& backend, bool json, std::ostream& out) {
  const Result<std::string> text = ask_for_text(backend, AdminMethod::Get, "/buffer/ls");
  if (!text) {
    return text.error();
  }
  if (json) {
    out << *text;
    return {};
  }
  simdjson::dom::parser parser;
  AnswerElement root;
  if (parser.parse(*text).get(root) != simdjson::SUCCESS) {
    return not_understood();
  }
  print_listing(root, out);
  return {};
}

Status print_stats(ToolBackend& backend, std::ostream& out) {
  const Result<std::string> text = ask_for_text(backend, AdminMethod::Get, "/buffer/stats");
  if (!text) {
    return text.error();
  }
  out << *text;
  return {};
}

Status show_records(ToolBackend& backend, const ShowOptions& options, std::ostream& out) {
  const Result<std::vector<std::string>> flows = flows_of(backend, options.flow);
  if (!flows) {
    return flows.error();
  }
  RecordPrinter printer({.from = options.from, .to = options.to, .limit = options.limit}, out);
  for (const std::string& flow : *flows) {
    const std::string query = Query()
                                  .add("flow", flow)
                                  .add("from", std::to_string(options.from))
                                  .add("to", std::to_string(options.to))
                                  .text();
    Status asked = backend.ask(AdminMethod::Get, "/buffer/export" + query,
                               [&](std::string_view piece) { return printer.take(piece); });
    if (!asked && asked.error().reaction == Reaction::Closed) {
      break;  // the limit is reached
    }
    if (!asked) {
      return asked;
    }
  }
  return judged(printer.damaged());
}

Status export_records(ToolBackend& backend, const ExportOptions& options) {
  const Result<std::vector<std::string>> flows = flows_of(backend, options.flow);
  if (!flows) {
    return flows.error();
  }
  Result<ExportFile> file = ExportFile::open(options.file, options.resume);
  if (!file) {
    return file.error();
  }
  Exporter exporter(*file);
  for (const std::string& flow : *flows) {
    const auto last = file->so_far().last.find(flow);
    Query query;
    query.add("flow", flow);
    if (last != file->so_far().last.end()) {
      query.add("from", std::to_string(number(last->second) + 1));
    }
    Status asked = backend.ask(AdminMethod::Get, "/buffer/export" + query.text(),
                               [&](std::string_view piece) { return exporter.take(piece); });
    if (!asked) {
      return asked;
    }
  }
  if (Status finished = file->finish(); !finished) {
    return finished;
  }
  return judged(exporter.damaged());
}

Result<bool> verify_buffer(ToolBackend& backend, bool json, std::ostream& out) {
  Progress progress("looked at");
  simdjson::dom::parser parser;
  std::optional<std::uint64_t> findings;
  const auto take = [&](std::string_view text) -> Status {
    AnswerElement line;
    if (parser.parse(text.data(), text.size()).get(line) != simdjson::SUCCESS) {
      return not_understood();
    }
    const bool done = line["done"].error() == simdjson::SUCCESS;
    const bool worth_saying =
        line["finding"].error() == simdjson::SUCCESS || line["gap"].error() == simdjson::SUCCESS;
    if (done) {
      findings = number_of(line, "findings");
    } else if (!worth_saying) {
      progress.show(number_of(line, "blocks"), "blocks");
      return {};
    }
    if (json) {
      out << text << '\n';
    } else {
      out << (done ? summary_of(line) : sentence_of(line) + '\n');
    }
    return {};
  };
  const Status asked = backend.ask(AdminMethod::Get, "/buffer/verify", by_line(take));
  if (!asked) {
    return asked.error();
  }
  if (!findings) {
    return not_understood();
  }
  return *findings == 0;
}

Status purge_buffer(ToolBackend& backend, const PurgeOptions& options, std::ostream& out) {
  std::string before;
  if (!options.before.empty()) {
    const Result<Timestamp> time = parse_time(options.before, SystemClock().now());
    if (!time) {
      return time.error();
    }
    before = std::to_string(time->time_since_epoch().count());
  }
  const std::string target =
      "/buffer/purge" +
      Query().add("flow", options.flow).add("sink", options.sink).add("before", before).text();
  simdjson::dom::parser parser;
  AnswerElement root;
  if (!options.yes) {
    const Result<std::string> preview = ask_for_text(backend, AdminMethod::Get, target);
    if (!preview) {
      return preview.error();
    }
    if (parser.parse(*preview).get(root) != simdjson::SUCCESS) {
      return not_understood();
    }
    const std::string question = fmt::format(
        "Give up {} record(s) in {} block(s){} for ever?", grouped(number_of(root, "records")),
        grouped(number_of(root, "blocks")),
        options.sink.empty() ? std::string() : " that sink " + options.sink + " does not have");
    if (!confirmed_by_user(question)) {
      return Error{Reaction::Closed, "nothing was purged; without a terminal, say --yes"};
    }
  }
  const Result<std::string> done = ask_for_text(backend, AdminMethod::Post, target);
  if (!done) {
    return done.error();
  }
  if (parser.parse(*done).get(root) != simdjson::SUCCESS) {
    return not_understood();
  }
  out << fmt::format("purged {} record(s) in {} block(s), {} given back\n",
                     grouped(number_of(root, "records")), grouped(number_of(root, "blocks")),
                     size_in_words(number_of(root, "bytes")));
  return {};
}

Status parse_sequences(const std::string& text, ShowOptions& options) {
  const std::size_t dash = text.find('-');
  const auto parse = [](std::string_view part, std::uint64_t& into) {
    const auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), into);
    return part.empty() || (failed == std::errc() && end == part.data() + part.size());
  };
  const std::string_view all = text;
  bool valid = !text.empty() && text != "-" && parse(all.substr(0, dash), options.from);
  if (dash == std::string::npos) {
    options.to = options.from;
  } else {
    valid = valid && parse(all.substr(dash + 1), options.to);
  }
  if (!valid || options.from > options.to) {
    return Error{Reaction::Reject, text + " is not a range of sequences: write 100-200, 100- or 7"};
  }
  return {};
}

}  // namespace sluice
