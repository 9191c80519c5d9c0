// Which PINGRESP is for whom, when the client library is sometimes answered by the link.
#pragma once

#include <cstddef>
#include <utility>

namespace sluice {

// The library never sees the messages, so a PINGRESP that queues behind them looks to it like a
// dead broker: it would end the connection, be sent the same messages again, and never get out.
// Therefore the link answers its PINGREQ itself, whenever there is other proof of life or reading
// is paused. The PINGREQ goes to the broker all the same, and for each answer that the link has
// given, one PINGRESP of the broker is swallowed. They are counted: with a slow broker several may
// be on their way.
class PingAccount {
 public:
  // The library has sent a PINGREQ, which was forwarded.
  void asked() { ++unanswered_; }

  // The broker is alive, or cannot be asked: so many PINGRESP must be given to the library now.
  std::size_t answer() {
    answered_here_ += unanswered_;
    return std::exchange(unanswered_, 0);
  }

  // The broker has sent a PINGRESP. True if it is for the library; what the link has answered is
  // older than what it has not, so it comes first.
  bool arrived() {
    if (answered_here_ > 0) {
      --answered_here_;
      return false;
    }
    if (unanswered_ > 0) --unanswered_;
    return true;
  }

 private:
  std::size_t unanswered_ = 0;
  std::size_t answered_here_ = 0;
};

}  // namespace sluice
