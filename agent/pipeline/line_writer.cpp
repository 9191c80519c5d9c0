#include "pipeline/line_writer.h"

#include "core/json_text.h"
#include "core/message.h"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace sluice {
namespace {

// The fields of ours that stand beside the payload's in flat shape. The last only if there is one.
constexpr std::array<std::string_view, 4> kOwnFields = {"seq", "ts", "topic", "_error"};

void append_error(const Record& record, std::uint64_t full_size, std::string& out) {
  out += R"(,"_error":{"step":"decode","reason":")";
  append_escaped(record.error, out);
  out += '"';
  if (full_size != 0) {
    out += R"(,"size":)";
    append_number(full_size, out);
  }
  out += '}';
}

}  // namespace

void LineWriter::append(const Record& record, std::string_view topic_json, std::uint64_t full_size,
                        std::string& out) {
  out += R"(,"ts":)";
  append_number(record.time.time_since_epoch().count(), out);
  out += R"(,"topic":)";
  out += topic_json;
  append_body(record, out);
  if (!record.error.empty()) {
    append_error(record, full_size, out);
  }
  out += "}\n";
}

void LineWriter::append_body(const Record& record, std::string& out) {
  switch (record.kind) {
    case BodyKind::Json:
      if (shape_ == LineShape::Flat && record.body.starts_with('{')) {
        append_fields(record, out);
      } else {
        out += shape_ == LineShape::Flat ? R"(,"value":)" : R"(,"data":)";
        out += record.body;
      }
      return;
    case BodyKind::Text:
      out += R"(,"text":")";
      append_escaped(record.body, out);
      out += '"';
      return;
    case BodyKind::Binary:
      out += R"(,"base64":")";
      append_base64(record.body, out);
      out += '"';
      return;
  }
}

// ,"a":1,"b":2 from {"a":1,"b":2}
void LineWriter::append_fields(const Record& record, std::string& out) {
  const std::size_t start = out.size();
  out += record.body;
  out.append(MessageBatch::kPadding, ' ');  // the body itself need not have any
  const std::string_view object(out.data() + start, record.body.size());
  const std::size_t own_fields = kOwnFields.size() - (record.error.empty() ? 1 : 0);
  const std::vector<Rename>& renames =
      reserved_keys_.find(object, std::span(kOwnFields).first(own_fields));

  const std::string_view fields = record.body.substr(1, record.body.size() - 2);
  if (fields.find_first_not_of(" \t") == std::string_view::npos) {
    out.resize(start);
    return;
  }
  out.resize(start + 1 + fields.size());
  out[start] = ',';
  if (renames.empty()) {
    return;
  }
  out.resize(start + 1);
  std::size_t copied = 1;  // of the body: the opening brace
  for (const Rename& rename : renames) {
    out.append(record.body.substr(copied, rename.offset - copied));
    for (std::size_t i = 0; i < rename.times; ++i) {
      out += kRenamePrefix;
    }
    copied = rename.offset;
  }
  out.append(record.body.substr(copied, record.body.size() - 1 - copied));
}

}  // namespace sluice
