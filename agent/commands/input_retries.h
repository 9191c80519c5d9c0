// Dead letters that never became lines, on their way through their flows once more.
#pragma once

#include "core/mutex.h"
#include "core/source.h"
#include "pipeline/intake.h"
#include "tools/input_retry.h"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sluice {

// Each flow gets an inlet of its own, so that a message reaches its flow whatever filters the flow
// has now.
class InputRetries final : public InputRetry {
 public:
  // Once, behind the sources and before the intake runs, which it outlives. `flows` are the names
  // of its flows, in their order.
  void attach(Intake& intake, const std::vector<std::string>& flows);

  void retry(RetriedInput input, std::function<void(Status)> settled) override;

 private:
  // The messages of one flow that are under way, by their tickets.
  class UnderWay final : public Source {
   public:
    void hand_over(const RetriedInput& input, const std::function<void(Status)>& then);

    Status run(Inlet& inlet, std::stop_token stop) override;
    void settled(Ticket last) override;
    void resume() override {}
    [[nodiscard]] std::string state_at(Ticket last) const override;
    [[nodiscard]] SourceCounts counts() const override { return {}; }

    Inlet* inlet = nullptr;

   private:
    Mutex mutex_;
    std::map<Ticket, std::function<void(Status)>> waiting_ SLUICE_GUARDED_BY(mutex_);
    Ticket settled_ SLUICE_GUARDED_BY(mutex_){};
  };

  std::deque<UnderWay> flows_;
  std::map<std::string, std::size_t, std::less<>> positions_;
};

}  // namespace sluice
