// To which of its URLs a sink sends, and how it finds back to the first one.
#pragma once

#include "core/clock.h"
#include "core/transport.h"
#include "uplink/failover.h"
#include "uplink/http_channel.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

// While another URL is in use, the first one is connected to from time to time, beside the
// deliveries: if nobody answers there, that costs them no time. One that can be reached is given
// the next parcel, on trial; if it does not take it, the URL in use is asked at once.
//
// Threads: the io_context's; name() and changes(): any.
class UrlChoice {
 public:
  // To the first URL, not open yet; none if that cannot even be tried.
  using Reach = std::function<std::shared_ptr<HttpChannel>()>;

  // `names` are the URLs as they may be shown, in the order of preference. `clock` outlives it.
  UrlChoice(std::vector<std::string> names, std::chrono::milliseconds failback_after, Reach reach,
            const Clock& clock);
  ~UrlChoice() { cancel(); }
  UrlChoice(const UrlChoice&) = delete;
  UrlChoice& operator=(const UrlChoice&) = delete;

  // For a new parcel.
  void begin();
  // Where it goes now: a position in the list.
  [[nodiscard]] std::size_t index() const { return trial_ ? 0 : failover_.current(); }
  // What the answer means for the URL. True if it is the answer for the parcel, too; false if this
  // must be sent once more, to index().
  bool settle(Answer& answer);

  // Ends what is under way beside the deliveries.
  void cancel();

  [[nodiscard]] const std::string& name() const { return names_[in_use_]; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

 private:
  void look_for_first();
  void changed();

  const std::vector<std::string> names_;
  Reach reach_;
  const Clock& clock_;
  Failover failover_;
  bool trial_ = false;          // of the first URL, which is not the one in use
  bool first_is_back_ = false;  // could be connected to
  std::shared_ptr<HttpChannel> probe_;
  std::atomic<std::size_t> in_use_ = 0;
  std::atomic<std::uint64_t> changes_ = 0;
};

}  // namespace sluice
