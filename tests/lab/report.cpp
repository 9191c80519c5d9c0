#include "tests/lab/report.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace sluice::lab {

namespace {

using Out = std::back_insert_iterator<std::string>;

// The message fields of a report and their names, once for writing and reading.
template <class Counts, class Visitor>
void visit_numbers(Counts& counts, Visitor visit) requires requires {
  counts.published;
}
{
  visit("published", counts.published);
  visit("acked", counts.acked);
  visit("refused", counts.refused);
  visit("redelivered", counts.redelivered);
  visit("reconnects", counts.reconnects);
  visit("payload_bytes", counts.payload_bytes);
}

template <class Counts, class Visitor>
void visit_numbers(Counts& counts, Visitor visit) requires requires {
  counts.requests;
}
{
  visit("requests", counts.requests);
  visit("refused", counts.refused);
  visit("records", counts.records);
  visit("distinct", counts.distinct);
  visit("duplicates", counts.duplicates);
  visit("gaps", counts.gaps);
  visit("bytes", counts.bytes);
  visit("malformed", counts.malformed);
  visit("out_of_order", counts.out_of_order);
}

template <class Counts>
void append_numbers(const Counts& counts, std::string& out) {
  visit_numbers(counts, [&out](const char* name, std::uint64_t value) {
    fmt::format_to(Out(out), "\"{}\": {}, ", name, value);
  });
}

// Device names and problems are ours or somebody's payload: quoted like any JSON text.
void append_quoted(const std::string& text, std::string& out) {
  out += '"';
  for (const char each : text) {
    if (each == '"' || each == '\\') {
      out += '\\';
      out += each;
    } else if (static_cast<unsigned char>(each) < 0x20) {
      fmt::format_to(Out(out), "\\u{:04x}", static_cast<unsigned>(each));
    } else {
      out += each;
    }
  }
  out += '"';
}

void append_devices(const DeviceRanges& devices, std::string& out) {
  out += "\"devices\": {";
  const char* comma = "\n  ";
  for (const auto& [device, numbers] : devices) {
    out += std::exchange(comma, ",\n  ");
    append_quoted(device, out);
    out += ": [";
    const char* inner = "";
    for (const auto& [first, last] : numbers.spans()) {
      fmt::format_to(Out(out), "{}[{}, {}]", std::exchange(inner, ", "), first, last);
    }
    out += ']';
  }
  out += '}';
}

// simdjson's errors as exceptions: caught in parse() below, and nowhere else.
DeviceRanges devices_of(simdjson::dom::element document) {
  DeviceRanges devices;
  // A copy: the result that value() looks into is gone before the loop begins.
  const simdjson::dom::object object = document["devices"].get_object().value();
  for (const auto& [device, spans] : object) {
    Ranges& numbers = devices[std::string(device)];
    for (const simdjson::dom::element span : spans.get_array()) {
      numbers.insert(span.at(0).get_uint64(), span.at(1).get_uint64());
    }
  }
  return devices;
}

template <class Report, class Fill>
Result<Report> parse(const std::string& json, Fill fill) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element document = parser.parse(json);
    Report report;
    visit_numbers(report.counts, [&document](const char* name, std::uint64_t& value) {
      value = document[name].get_uint64();
    });
    fill(document, report);
    return report;
  } catch (const simdjson::simdjson_error& error) {
    return Error{Reaction::Reject, std::string("cannot read the report: ") + error.what()};
  }
}

}  // namespace

std::string to_json(const LoadReport& report) {
  std::string out = "{";
  append_numbers(report.counts, out);
  const LoadCounts& counts = report.counts;
  const double rate =
      counts.seconds > 0 ? static_cast<double>(counts.published) / counts.seconds : 0;
  fmt::format_to(Out(out), "\"seconds\": {:.3f}, \"rate\": {:.1f}, \"finished\": {}, ",
                 counts.seconds, rate, report.finished);
  append_devices(report.acked, out);
  return out += "}\n";
}

std::string to_json(const ReceiverReport& report) {
  std::string out = "{";
  append_numbers(report.counts, out);
  out += "\"last_problem\": ";
  append_quoted(report.counts.last_problem, out);
  out += ", ";
  append_devices(report.received, out);
  return out += "}\n";
}

Result<LoadReport> parse_load_report(const std::string& json) {
  return parse<LoadReport>(json, [](simdjson::dom::element document, LoadReport& report) {
    report.counts.seconds = document["seconds"].get_double();
    report.finished = document["finished"].get_bool();
    report.acked = devices_of(document);
  });
}

Result<ReceiverReport> parse_receiver_report(const std::string& json) {
  return parse<ReceiverReport>(json, [](simdjson::dom::element document, ReceiverReport& report) {
    report.counts.last_problem = std::string(document["last_problem"].get_string().value());
    report.received = devices_of(document);
  });
}

Status write_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file || std::rename(fresh.c_str(), path.c_str()) != 0) {
    return Error{Reaction::Retry, "cannot write " + path + ": " + std::strerror(errno)};
  }
  return {};
}

Result<std::string> read_file(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{Reaction::Retry, "cannot read " + path + ": " + std::strerror(errno)};
  }
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sluice::lab
