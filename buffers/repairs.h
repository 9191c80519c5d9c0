// What others ask the store thread to change about single blocks. Private to buffers/.
#pragma once

#include "buffers/confirmed.h"
#include "buffers/dead_table.h"
#include "core/block.h"
#include "core/buffer.h"
#include "core/ids.h"

#include <cstdint>
#include <optional>

namespace sluice {

// The range counts as confirmed at once, but nothing may rely on that before the copy is on disk.
struct Burial {
  FlowIndex flow{};
  SinkIndex sink{};
  SequenceRange range;
  DeadLetter why;
  BlockPtr block;  // if it was not in the file when this was asked for
};

// A transaction that seems to have failed may have taken place. The request then comes round again,
// and must know its own work from that of others.
struct SplitRequest {
  FlowIndex flow{};
  Sequence first{};
  SplitHandler then;
  std::optional<Sequence> tried_last;  // where the block ended that was to be cut
};

// What a sink had and has not any more.
struct Hole {
  FlowIndex flow{};
  SinkIndex sink{};
  SequenceRange range;
};

struct DeadRequest {
  enum class What : std::uint8_t { Requeue, ForgetInput, Drop };
  DeadId id{};
  What what{};
  SplitHandler then;
  bool tried = false;
  std::optional<Hole> hole;
};

// Why a request is over. To be told after the transaction.
struct Answered {
  SplitHandler then;
  Status with;
};

}  // namespace sluice
