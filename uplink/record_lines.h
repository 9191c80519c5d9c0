// What is in a block, line by line, for destinations that take records one by one.
#pragma once

#include "core/block.h"
#include "core/result.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The lines of a block; shared, because where the block is stored as lines it is the block's own
// text. Decodes the frame otherwise, at most 256 MiB. Rejects what cannot be decoded.
Result<std::shared_ptr<const std::string>> text_of(const BlockPtr& block);

// Takes the first line off `text`, without its line break; false at the end. What follows the last
// line break is a line, too.
bool next_line(std::string_view& text, std::string_view& line);

// Every line begins {"seq":<number>,"ts":<number>,"topic":"…" whatever its shape is.

// Nothing if the line does not begin like this.
std::optional<Sequence> sequence_of(std::string_view line);

// As the broker knows it, without the escapes of JSON; empty if the line has none. Valid as long as
// `line` and `memory` are not changed.
std::string_view topic_of(std::string_view line, std::string& memory);

}  // namespace sluice
