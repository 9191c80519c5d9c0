// Ends objects whose threads take a while to end, without holding the uplink's thread.
#pragma once

#include <memory>
#include <thread>
#include <utility>

namespace sluice {

// Waits for the one before, so there is never more than one, and for the last in its destructor.
// One thread at a time.
class Farewell {
 public:
  template <class T>
  void to(std::unique_ptr<T> object) {
    if (object) {
      thread_ = std::jthread([object = std::move(object)]() mutable { object.reset(); });
    }
  }

 private:
  std::jthread thread_;
};

}  // namespace sluice
