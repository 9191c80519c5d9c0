#include "tests/unit/uplink/dispatching.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>

namespace sluice::uplink_tests {

BlockPtr numbered_block(std::uint32_t flow, std::uint64_t first, std::uint32_t count,
                        std::size_t line_bytes) {
  auto block = std::make_shared<Block>();
  block->flow = FlowIndex(flow);
  block->first = Sequence(first);
  block->count = count;
  block->codec = Codec::Ndjson;
  for (std::uint64_t number = first; number < first + count; ++number) {
    std::string line = R"({"seq":)" + std::to_string(number);
    line.resize(std::max(line.size() + 1, line_bytes), ' ');
    line.back() = '}';
    block->data += line + '\n';
  }
  return block;
}

void FakeBuffer::add(const BlockPtr& block) {
  blocks_[{block->flow, block->first}] = block;
  for (auto& [key, delivery] : deliveries_) {
    if (key.first == block->flow) {
      delivery.held.insert(block->first);
    }
  }
  serve();
}

void FakeBuffer::fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) {
  const Reader reader{flow, sink, after == Sequence(0)};
  EXPECT_FALSE(open_.contains(reader)) << "two requests of one kind";
  open_[reader] = {after, std::move(then)};
  ++fetches;
  serve();
}

void FakeBuffer::confirm(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last) {
  confirmations.push_back({static_cast<std::uint32_t>(flow), static_cast<std::uint32_t>(sink),
                           number(after), number(last)});
  Delivery& done = delivery(flow, sink);
  for (std::uint64_t each = std::max(number(after), done.all_up_to) + 1; each <= number(last);
       ++each) {
    done.beyond.insert(each);
  }
  while (done.beyond.erase(done.all_up_to + 1) > 0) {
    ++done.all_up_to;
  }
  for (auto each = done.held.upper_bound(after); each != done.held.end() && *each <= last;) {
    each = blocks_.at({flow, *each})->last() <= last ? done.held.erase(each) : std::next(each);
  }
}

void FakeBuffer::split(FlowIndex flow, Sequence first, SplitHandler then) {
  ++splits;
  if (split_error) {
    then(*std::exchange(split_error, std::nullopt));
    return;
  }
  const auto found = blocks_.find({flow, first});
  if (found == blocks_.end() || found->second->count < 2) {
    then(Error{Reaction::Reject, "one record"});
    return;
  }
  const Block& whole = *found->second;
  const std::uint32_t half = whole.count / 2;
  const std::size_t line_bytes = whole.data.find('\n');
  const auto flow_number = static_cast<std::uint32_t>(flow);
  const BlockPtr rear =
      numbered_block(flow_number, number(first) + half, whole.count - half, line_bytes);
  found->second = numbered_block(flow_number, number(first), half, line_bytes);
  for (auto& [key, delivery] : deliveries_) {
    if (key.first == flow &&
        !has(flow_number, static_cast<std::uint32_t>(key.second), number(rear->last()))) {
      delivery.held.insert(rear->first);
    }
  }
  blocks_[{flow, rear->first}] = rear;
  then(Status());
  serve();
}

void FakeBuffer::bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last,
                      DeadLetter why) {
  burials.push_back({number(last), why.reason, why.detail});
  confirm(flow, sink, after, last);
  confirmations.pop_back();
}

Sequence FakeBuffer::newest(FlowIndex flow) const {
  const auto next = blocks_.upper_bound({flow, Sequence(~std::uint64_t{0})});
  return next != blocks_.begin() && std::prev(next)->first.first == flow
             ? std::prev(next)->first.second
             : Sequence(0);
}

std::optional<std::string> FakeBuffer::load(std::string_view key) const {
  const auto found = states.find(key);
  return found != states.end() ? std::optional(found->second) : std::nullopt;
}

void FakeBuffer::put(StateRow row) {
  states[row.key] = row.value;
}

void FakeBuffer::give_back(std::uint32_t flow, std::uint32_t sink, std::uint64_t sequence) {
  Delivery& done = delivery(FlowIndex(flow), SinkIndex(sink));
  for (; done.all_up_to >= sequence; --done.all_up_to) {
    done.beyond.insert(done.all_up_to);
  }
  done.beyond.erase(sequence);
  done.held.insert(Sequence(sequence));
  serve();
}

void FakeBuffer::fail(const Error& error) {
  auto open = std::exchange(open_, {});
  for (auto& [reader, request] : open) {
    request.then(error);
  }
}

bool FakeBuffer::has(std::uint32_t flow, std::uint32_t sink, std::uint64_t sequence) const {
  const auto found = deliveries_.find({FlowIndex(flow), SinkIndex(sink)});
  return found != deliveries_.end() &&
         (sequence <= found->second.all_up_to || found->second.beyond.contains(sequence));
}

std::size_t FakeBuffer::held(std::uint32_t flow, std::uint32_t sink) {
  return delivery(FlowIndex(flow), SinkIndex(sink)).held.size();
}

FakeBuffer::Delivery& FakeBuffer::delivery(FlowIndex flow, SinkIndex sink) {
  const auto [place, is_new] = deliveries_.try_emplace({flow, sink});
  if (is_new) {
    for (const auto& [key, block] : blocks_) {
      if (key.first == flow) {
        place->second.held.insert(key.second);
      }
    }
  }
  return place->second;
}

void FakeBuffer::serve() {
  for (auto request = open_.begin(); request != open_.end();) {
    const auto& [flow, sink, from_the_start] = request->first;
    const std::set<Sequence>& held = delivery(flow, sink).held;
    const auto next = held.upper_bound(request->second.after);
    if (next == held.end()) {
      ++request;
      continue;
    }
    const BlockPtr block = blocks_.at({flow, *next});
    const FetchHandler then = std::move(request->second.then);
    request = open_.erase(request);
    then(block);
  }
}

std::vector<std::uint64_t> Wire::sequences() const {
  std::vector<std::uint64_t> all;
  for (const Shipment& shipment : sent) {
    all.push_back(number(shipment.block->first));
  }
  return all;
}

void FakeTransport::send(const Shipment& shipment, AnswerHandler then) {
  EXPECT_FALSE(wire_.pending) << "two requests at once";
  wire_.sent.push_back(shipment);
  wire_.pending = std::move(then);
  if (auto answer = wire_.script(*shipment.block)) {
    answer->sent_bytes = wire_.head_bytes + shipment.block->data.size();
    boost::asio::post(io_, [this, answer] { std::exchange(wire_.pending, nullptr)(*answer); });
  }
}

Answer answer(Verdict verdict, std::optional<std::chrono::milliseconds> wish) {
  return {.verdict = verdict, .retry_after = wish, .detail = "because"};
}

std::unique_ptr<Dispatcher> DispatcherTest::dispatcher(Wire& wire,
                                                       std::vector<DispatcherFeed> feeds,
                                                       const DeliveryOptions& delivery) {
  return std::make_unique<Dispatcher>(
      io_, DispatcherOptions{.name = "test", .feeds = std::move(feeds), .delivery = delivery},
      buffer_, buffer_, std::make_unique<FakeTransport>(io_, wire));
}

std::unique_ptr<Dispatcher> DispatcherTest::simulated(Wire& wire, std::vector<DispatcherFeed> feeds,
                                                      const DeliveryOptions& delivery) {
  return std::make_unique<Dispatcher>(
      io_, DispatcherOptions{.name = "test", .feeds = std::move(feeds), .delivery = delivery},
      buffer_, buffer_, std::make_unique<FakeTransport>(io_, wire), time_.keeper());
}

}  // namespace sluice::uplink_tests
