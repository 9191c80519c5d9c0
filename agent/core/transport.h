// How a block travels to a destination.
#pragma once

#include "core/block.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sluice {

// What the answer of a destination means for the block. Sorted by what the dispatcher does next.
enum class Verdict {
  Confirmed,      // the destination answers for the block
  Retry,          // temporary; the same bytes later
  Throttled,      // it is too much at the moment; wait at least as long as it asks
  Misconfigured,  // credentials, address or rights are wrong: nothing will get through until
                  // changed
  TooLarge,       // smaller blocks may pass
  Refused,        // something in this block will never be taken
  Partial,        // some records were taken and some were not, and nobody says which
  BadEncoding,    // the compression is not understood
};

struct Answer {
  Verdict verdict = Verdict::Retry;
  std::optional<std::chrono::milliseconds> retry_after{};  // the destination's own wish
  std::string detail{};  // for a human: status and first words of the answer, or what failed
  std::string words{};  // the same as the destination wrote it, unprintable bytes included, at most
                        // 4 KiB; empty if it said nothing
  std::uint64_t sent_bytes = 0;  // what went onto the line, headers included; 0: not known
};

// One block on its way to one destination.
struct Shipment {
  BlockPtr block;
  bool backfill = false;  // it waited while fresher blocks went ahead
};

// Called once for every send(), on the thread that runs the uplink.
using AnswerHandler = std::function<void(Answer)>;

// What a transport knows about its connections since the agent started.
struct TransportFigures {
  std::string url;              // in use now, without credentials; empty: it has no URL
  std::uint64_t connects = 0;   // connections opened
  std::uint64_t failovers = 0;  // changes from one URL to another
  std::uint64_t sent_bytes = 0;
  std::optional<Timestamp> certificate_expires = {};         // the agent's own
  std::optional<Timestamp> server_certificate_expires = {};  // as of the last handshake
};

// Used on the uplink's thread only, apart from figures().
class Transport {
 public:
  virtual ~Transport() = default;

  // Sends the block, one at a time. Always answers, within the configured time-out. Sending the
  // same block again produces the same bytes, so the far side can recognise a repetition.
  virtual void send(const Shipment& shipment, AnswerHandler then) = 0;

  // Gives up what is under way: the pending handler is called soon, with Retry.
  virtual void cancel() = 0;

  // Any thread.
  [[nodiscard]] virtual TransportFigures figures() const { return {}; }
};

}  // namespace sluice
