// Numbers that name things. Each is a type of its own, so that they cannot be mixed up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice {

// Position of a record in the history of one buffer file. Assigned once, strictly increasing, never
// reused: (agent, epoch, sequence) names a record for ever. The first record has sequence 1.
enum class Sequence : std::uint64_t {};

// Counts the messages that one source has handed over since the agent started. The first has ticket
// 1. "Settled up to ticket N" releases the acknowledgements of messages 1 to N.
enum class Ticket : std::uint64_t {};

// Position of a flow in the list of routes with which the buffer was opened, and of a sink in the
// list of its flow. Valid for one run of the agent.
enum class FlowIndex : std::uint32_t {};
enum class SinkIndex : std::uint32_t {};

constexpr std::uint64_t number(Sequence sequence) {
  return static_cast<std::uint64_t>(sequence);
}
constexpr std::uint64_t number(Ticket ticket) {
  return static_cast<std::uint64_t>(ticket);
}
constexpr std::size_t number(FlowIndex flow) {
  return static_cast<std::size_t>(flow);
}
constexpr std::size_t number(SinkIndex sink) {
  return static_cast<std::size_t>(sink);
}

template <class Id>
constexpr Id advance(Id id, std::uint64_t by) {
  return Id(number(id) + by);
}

}  // namespace sluice
