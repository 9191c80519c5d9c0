#include "buffers/readers.h"

#include <cassert>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kRequestsOfSink = 2;  // from the beginning, and after some sequence

}  // namespace

Readers::Readers(const std::vector<Route>& routes) : handed_out_(routes.size()) {
  for (const Route& route : routes) {
    readers_.emplace_back(kRequestsOfSink * route.sinks.size());
  }
}

void Readers::open(FetchRequest request) {
  const std::size_t which = request.after == Sequence(0) ? 0 : 1;
  Reader& reader =
      readers_.at(number(request.flow)).at(kRequestsOfSink * number(request.sink) + which);
  assert(!reader.open && "a sink may have one open request of each kind for each flow");
  reader = {std::move(request), true};
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one step behind the other
Status Readers::serve(StoreFile* file, Pending& pending) {
  for (std::vector<Reader>& flow : readers_) {
    for (Reader& reader : flow) {
      if (!reader.open || reader.request.nothing_stored) {
        continue;
      }
      const FlowState& state = pending.flows.at(number(reader.request.flow));
      if (state.stored.usage.blocks == 0) {
        reader.request.nothing_stored = true;
        continue;
      }
      if (file == nullptr) {
        continue;
      }
      if (Status served = serve_one(*file, pending, reader); !served) {
        return served;
      }
    }
  }
  return {};
}

void Readers::serve_from_memory(Pending& pending, Sequence visible) {
  for (std::vector<Reader>& flow : readers_) {
    for (Reader& reader : flow) {
      if (!reader.open || !reader.request.nothing_stored) {
        continue;
      }
      const FetchRequest& request = reader.request;
      const FlowState& state = pending.flows.at(number(request.flow));
      const Confirmed& confirmed = state.sinks.at(number(request.sink)).confirmed;
      if (BlockPtr block = state.next_waiting(request.after, confirmed, visible)) {
        hand_out(pending, reader, std::move(block));
      }
    }
  }
}

Status Readers::serve_one(StoreFile& file, Pending& pending, Reader& reader) {
  const FetchRequest& request = reader.request;
  const FlowState& flow = pending.flows.at(number(request.flow));
  if (flow.in_doubt) {
    return {};
  }
  const Confirmed& confirmed = flow.sinks.at(number(request.sink)).confirmed;
  Sequence after = request.after;
  while (true) {
    Result<std::optional<FoundBlock>> found =
        file.blocks.next(flow.id, request.flow, after, confirmed);
    if (!found) {
      return found.error();
    }
    if (!found->has_value()) {
      reader.request.nothing_stored = true;
      return {};
    }
    if (FoundBlock& block = **found; block.block != nullptr) {
      hand_out(pending, reader, std::move(block.block));
      return {};
    }
    after = (*found)->first;
    if (pending.report_damage(request.flow, after)) {
      ++damaged_;
    }
  }
}

void Readers::offer(const std::vector<SealedBlock>& stored, Pending& pending) {
  for (const SealedBlock& each : stored) {
    if (each.block->empty()) {
      continue;
    }
    const std::size_t flow = number(each.block->flow);
    for (Reader& reader : readers_.at(flow)) {
      const FetchRequest& request = reader.request;
      if (!reader.open || !request.nothing_stored || each.block->first <= request.after) {
        continue;
      }
      const SinkState& sink = pending.flows.at(flow).sinks.at(number(request.sink));
      if (!sink.confirmed.covers(*each.block)) {
        hand_out(pending, reader, each.block);
      }
    }
  }
}

void Readers::look_again(FlowIndex flow) {
  for (Reader& reader : readers_.at(number(flow))) {
    reader.request.nothing_stored = false;
  }
}

void Readers::close() {
  for (std::vector<Reader>& flow : readers_) {
    for (Reader& reader : flow) {
      if (reader.open) {
        answer(reader, Error{Reaction::Closed, "the buffer is stopping"});
      }
    }
  }
}

void Readers::hand_out(Pending& pending, Reader& reader, BlockPtr block) {
  pending.hand_out(reader.request.flow, reader.request.sink, block->first);
  answer(reader, std::move(block));
}

// The handler may ask again at once; that request arrives by way of the inbox.
void Readers::answer(Reader& reader, Result<BlockPtr> with) {
  reader.open = false;
  if (with) {
    handed_out_.at(number(reader.request.flow)).add(reader.request.after, (*with)->last());
  }
  const FetchHandler then = std::move(reader.request.then);
  then(std::move(with));
}

}  // namespace sluice
