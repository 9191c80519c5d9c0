#include "tests/lab/misbehaviour.h"

namespace sluice::lab {

Receiver::Script script_of(const Misbehaviour& misbehaviour) {
  Behaviour good;
  good.delay = misbehaviour.delay;
  Behaviour bad = good;
  bad.status = misbehaviour.answer.value_or(bad.status);
  bad.hang = misbehaviour.hang;
  bad.close = misbehaviour.close;
  if (misbehaviour.retry_after) {
    bad.retry_after = std::to_string(*misbehaviour.retry_after);
  }
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> end;
  if (misbehaviour.seconds) {
    end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                             std::chrono::duration<double>(*misbehaviour.seconds));
  }
  // The receiver copies its script for every request, so the count is outside of it.
  const auto requests = std::make_shared<std::uint64_t>(0);
  return [=, every = misbehaviour.every](const auto& /*headers*/, const auto& /*body*/) {
    const bool its_turn = ++*requests % every == 0;
    const bool in_time = !end || Clock::now() < *end;
    return its_turn && in_time ? bad : good;
  };
}

}  // namespace sluice::lab
