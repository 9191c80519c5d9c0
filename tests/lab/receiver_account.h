// What a receiver and those before it have received in total, number by number.
#pragma once

#include "tests/lab/receiver.h"
#include "tests/lab/report.h"

namespace sluice::lab {

// Numbers are looked up one by one, so it is for those who count from 0, as the simulator does. One
// thread at a time.
class ReceiverAccount {
 public:
  // `before` is what was received before `receiver` started to. `receiver` is borrowed.
  ReceiverAccount(const Receiver& receiver, ReceiverReport before);

  // Exact once the receiver has been stopped. While it runs, the counts may be behind the numbers.
  const ReceiverReport& update();

 private:
  const Receiver& receiver_;
  const ReceiverCounts before_;
  ReceiverReport report_;
};

}  // namespace sluice::lab
