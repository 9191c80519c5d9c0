#include "tests/lab/receiver_lines.h"

#include <simdjson.h>

#include <algorithm>

namespace sluice::lab {

namespace {

Error bad_line(std::uint64_t index, const std::string& why) {
  return {Reaction::Reject, "line " + std::to_string(index + 1) + ": " + why};
}

}  // namespace

// On Demand would be faster, but does not look at what it skips; the point here is to look.
class LineCheck::Reader {
 public:
  Result<const CheckedLines*> check(std::string_view lines, const Promise& promise) {
    checked_.records = 0;
    checked_.sightings.clear();
    found_.clear();
    names_.clear();
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      if (Status read = read_line(lines.substr(0, end), promise); !read) {
        return read.error();
      }
      lines.remove_prefix(std::min(end + 1, lines.size()));
      ++checked_.records;
    }
    if (promise.count && *promise.count != checked_.records) {
      return Error{Reaction::Reject, "Sluice-Count says " + std::to_string(*promise.count) +
                                         " but there are " + std::to_string(checked_.records) +
                                         " lines"};
    }
    // Only now: the names have moved while they were collected.
    for (const Found& each : found_) {
      checked_.sightings.push_back(
          {std::string_view(names_).substr(each.offset, each.size), each.n});
    }
    return &checked_;
  }

 private:
  struct Found {
    std::size_t offset;
    std::size_t size;
    std::uint64_t n;
  };

  Status read_line(std::string_view line, const Promise& promise) {
    simdjson::dom::object object;
    const auto error = parser_.parse(line.data(), line.size(), false).get(object);
    if (error != simdjson::SUCCESS) {
      return bad_line(checked_.records, simdjson::error_message(error));
    }
    if (promise.first_seq) {
      std::uint64_t seq = 0;
      const std::uint64_t expected = *promise.first_seq + checked_.records;
      if (object["seq"].get(seq) != simdjson::SUCCESS || seq != expected) {
        return bad_line(checked_.records, "seq is not " + std::to_string(expected));
      }
    }
    note_sighting(object);
    return {};
  }

  void note_sighting(simdjson::dom::object object) {
    simdjson::dom::element data;
    if (object["data"].get(data) == simdjson::SUCCESS && data.get(object) != simdjson::SUCCESS) {
      return;  // data is something, but not an object
    }
    std::string_view device;
    std::uint64_t n = 0;
    if (object["device"].get(device) == simdjson::SUCCESS &&
        object["n"].get(n) == simdjson::SUCCESS) {
      found_.push_back({names_.size(), device.size(), n});
      names_ += device;
    }
  }

  simdjson::dom::parser parser_;
  CheckedLines checked_;
  std::vector<Found> found_;
  std::string names_;
};

LineCheck::LineCheck() : reader_(std::make_unique<Reader>()) {
}

LineCheck::~LineCheck() = default;

Result<const CheckedLines*> LineCheck::check(std::string& lines, const Promise& promise) {
  const std::size_t size = lines.size();
  lines.resize(size + simdjson::SIMDJSON_PADDING);
  auto checked = reader_->check(std::string_view(lines).substr(0, size), promise);
  lines.resize(size);
  return checked;
}

}  // namespace sluice::lab
