// Answers that are made from the buffer, step by step. Private to tools/.
#pragma once

#include "admin/exchange.h"
#include "buffers/inspection.h"

#include <functional>
#include <string>

namespace sluice {

// Makes the next piece. Runs where the file is, one call at a time; must be short. An empty piece
// means that there is more to do before there is something to say.
using BufferStep = std::function<AdminChunk(Inspection&)>;

// `buffer` outlives the answer.
AdminResponse answer_in_steps(InspectableBuffer& buffer, std::string content_type, BufferStep step);

constexpr const char* kJson = "application/json";
constexpr const char* kNdjson = "application/x-ndjson";

}  // namespace sluice
