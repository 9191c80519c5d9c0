#include "tools/record_printer.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice {

Status RecordPrinter::take(std::string_view bytes) {
  frames_.feed(bytes);
  while (true) {
    const Result<std::optional<FrameSplitter::Frame>> frame = frames_.next();
    if (!frame) {
      return frame.error();
    }
    if (!frame->has_value()) {
      return {};
    }
    if (Status printed = print(**frame); !printed) {
      return printed;
    }
  }
}

Status RecordPrinter::print(const FrameSplitter::Frame& frame) {
  if (frame.note.damaged) {
    ++damaged_;
    return {};
  }
  const Result<std::string> text = decompressed(frame.bytes);
  if (!text) {
    return text.error();
  }
  std::string_view rest = *text;
  for (std::uint64_t index = 0; !rest.empty(); ++index) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto sequence = sequence_in(line, frame.note, index);
    if (sequence && (number(*sequence) < wanted_.from || number(*sequence) > wanted_.to)) {
      continue;
    }
    if (written_ == wanted_.limit) {
      return Error{Reaction::Closed, "enough"};
    }
    out_ << line << '\n';
    ++written_;
  }
  return out_ ? Status{} : Error{Reaction::Retry, "cannot write the output"};
}

Status judged(std::uint64_t damaged) {
  if (damaged == 0) {
    return {};
  }
  return Error{Reaction::Reject, std::to_string(damaged) +
                                     " block(s) do not match their checksum and were left out; "
                                     "`sluice buffer verify` lists them"};
}

}  // namespace sluice
