// The field side between sources and buffer: routes messages to flows, decodes them, writes lines,
// seals blocks, and tells every source what is settled.
#pragma once

#include "core/block.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/source.h"
#include "pipeline/flow_intake.h"
#include "pipeline/flow_options.h"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

namespace sluice {

// Order:    the records of one source keep their order within every flow.
// Settling: a source is told "settled up to N" when every block that holds a record of its messages
//           1..N is settled, and what the flows' transforms have learned from them; a message that
//           no flow wants is settled once it has been looked at.
// Threads:  run() has a thread of its own; inlets are used by their sources; settled() by the
// store.
class Intake final : public BufferListener {
 public:
  // `last` is the last sequence the buffer has ever given away. All references outlive the intake.
  Intake(std::vector<FlowOptions> flows, BlockOptions options, Sequence last, BlockWriter& buffer,
         const Clock& clock);
  ~Intake() override;
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Adds the next source (position 0, 1, …) before run() is called. `state_key` names its row in
  // the buffer, see Source::state_at().
  Inlet& attach(Source& source, std::string state_key);
  // Adds one whose messages all belong to this flow, whatever their topics; it has no state.
  Inlet& attach_to(FlowIndex flow, Source& source);

  // Works until `stop` is requested and everything delivered has been sealed and submitted.
  void run(std::stop_token stop);

  void settled(Sequence first) override;

  [[nodiscard]] FlowCounts counts(FlowIndex flow) const;  // any thread

  // Whether run() gets on: after nudge() it takes a turn, whether there is work or not. Any thread.
  void nudge();
  [[nodiscard]] std::uint64_t turns() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace sluice
