// How the blocks of one flow are read for one sink: where it stands, and which block is next.
#pragma once

#include "core/buffer.h"
#include "uplink/delivery_options.h"
#include "uplink/dispatcher.h"
#include "uplink/outage.h"
#include "uplink/refusal_guard.h"
#include "uplink/retry_pace.h"
#include "uplink/timekeeper.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

// With oldest_first there is only the main lane, which always asks for the oldest block.
//
// With live_first the main lane reads what is fresh. Whenever it has fallen behind for kFresh, it
// jumps to the newest block. What is left behind it is the business of the backlog lane, which asks
// for the oldest block; when that is one ahead of the main lane, it sleeps until the next jump, and
// looks from time to time whether something has come back (a dead letter that is sent once more).
enum class LaneName : std::uint8_t { Main, Backlog };

struct Lane {
  Sequence after{};               // position: everything behind it is still to be done
  BlockPtr block;                 // to be sent, or being sent; one at a time bounds the memory
  bool asleep = false;            // asks for nothing
  bool naps = false;              // asleep, and its alarm will wake it
  bool held = false;              // must wait for its alarm
  bool in_surgery = false;        // the buffer cuts the block in two
  std::unique_ptr<Alarm> wait;    // until it may go on
  std::optional<Sequence> asked;  // the position for which a request is open

  [[nodiscard]] bool ready() const { return block != nullptr && !held && !in_surgery; }
};

// Confirmed is what comes after `after`, up to and including `last`.
struct Stretch {
  Sequence after{};
  Sequence last{};
};

// One thread at a time.
class Feed {
 public:
  static constexpr std::chrono::seconds kFresh{1};

  Feed(DispatcherFeed id, const std::string& sink, const DeliveryOptions& options,
       Timekeeper& time);

  // Finds the positions. `newest` is that of the buffer, here and below.
  void begin(Sequence newest, Instant now);

  Lane& lane(LaneName name) { return lanes_[static_cast<std::size_t>(name)]; }
  [[nodiscard]] const Lane& lane(LaneName name) const {
    return lanes_[static_cast<std::size_t>(name)];
  }

  [[nodiscard]] bool must_ask(LaneName name) const;
  // What to ask for; notes that a request is open.
  Sequence ask(LaneName name);
  // Ends the request. Leaves a block alone that the lane does not want: the backlog is done, or the
  // position has changed in the meantime.
  void take(LaneName name, const BlockPtr& block, Sequence newest, Instant now);

  // The lane is through with its block: what that confirms. The lane goes on behind it.
  Stretch finish(LaneName name);

  // The main lane lets go of its block and jumps if it has fallen behind.
  bool jump_if_behind(Sequence newest, Instant now);

  // The main lane leaves its block unconfirmed and looks for another one behind it. live_first: the
  // backlog lane has it now. oldest_first: twice as far with each call; at the end it begins again
  // with the first one that it left.
  void pass_over(Sequence newest);
  // oldest_first: back to the first block that was passed over, if there is one.
  void return_to_passed();

  // The oldest block in hand; null if there is none.
  [[nodiscard]] BlockPtr oldest_in_hand() const;
  // No lane has a block any more, or yet; whether there is one in the buffer is not known.
  void empty_handed(Sequence newest, Instant now) { empty_ = {newest, now}; }
  // A lane has got `block` after that. Since when it has been there to be delivered: ever since the
  // hands were empty if the buffer had it then.
  [[nodiscard]] Instant there_since(const Block& block, Instant now) const {
    return block.first <= empty_.newest ? empty_.since : now;
  }

  // Was in the buffer before the agent started.
  [[nodiscard]] bool is_old(const Block& block) const { return block.first <= newest_at_start_; }
  // live_first: what the main lane has left behind is not yet delivered.
  [[nodiscard]] bool has_backlog() const {
    const Lane& backlog = lane(LaneName::Backlog);
    return backlog.block != nullptr || backlog.held || backlog.in_surgery;
  }

  const DispatcherFeed id;
  const std::string who;  // in logs
  Outage outage;          // that concerns this flow only
  RetryPace pace;         // of attempts at a destination that refuses everything
  RefusalGuard guard;
  Sequence released{};  // metered: what may be sent in the current batch

 private:
  void jump(Sequence to, Sequence newest, Instant now);
  void go_to(Sequence position);
  void mark(Sequence newest, Instant now);

  const bool live_first_;
  std::array<Lane, 2> lanes_;
  Sequence newest_at_start_{};
  // Whether the main lane's position is the end of a block that it has finished, so that nothing
  // can lie between it and the block that is handed out next. A place of which is known only that
  // a block began or ended there may lie within one that the buffer has put together since.
  bool gapless_ = false;
  Sequence main_was_{};  // where the main lane was when the backlog lane asked
  // There was this block at this time: the main lane should have passed it soon afterwards.
  Sequence seen_{};
  Instant seen_at_;
  struct EmptyHands {
    Sequence newest{};
    Instant since;
  };
  EmptyHands empty_;
  bool passes_over_ = false;
  std::uint64_t stride_ = 1;
};

}  // namespace sluice
