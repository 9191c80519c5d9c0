// Everything that passes between the store thread and the others. Private to buffers/.
#pragma once

#include "buffers/confirmed.h"
#include "buffers/ledger.h"
#include "buffers/pending.h"
#include "buffers/repairs.h"
#include "buffers/sqlite_buffer.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/mutex.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct Confirmation {
  FlowIndex flow{};
  SinkIndex sink{};
  SequenceRange range;
};

struct FetchRequest {
  FlowIndex flow{};
  SinkIndex sink{};
  Sequence after{};
  FetchHandler then;
  bool nothing_stored = false;  // nothing in the file begins after `after`
};

struct Arrivals {
  std::vector<WaitingBlock> blocks;
  std::vector<Confirmation> confirmations;
  std::vector<FetchRequest> fetches;
  std::vector<Burial> burials;
  std::vector<SplitRequest> splits;
  std::vector<DeadRequest> dead_requests;
  std::map<std::string, WaitingPut> puts;
  bool stop_waiting = false;
  std::vector<InspectionStep> steps;
  bool flush = false;
  std::uint64_t flush_arrival = 0;  // of the newest block then
};

// The upper half may be used by any thread, the lower half by the store thread only.
//
// Waking a sleeping thread costs more than most of what is handed over here. So the thread sleeps
// until a time at which it looks by itself, and is woken earlier only for what cannot wait.
class Inbox {
 public:
  enum class Waking {
    Sparing,  // for what cannot wait
    Prompt,   // for every block and confirmation too: a block may be delivered before it is stored
  };
  Inbox(std::map<std::string, std::string> states, std::vector<Sequence> newest,
        Waking waking = Waking::Sparing);

  void submit(SealedBlock block);
  void flush();
  void stop_waiting();  // see SqliteBuffer
  void fetch(FetchRequest request);
  void confirm(Confirmation confirmation);
  void bury(Burial burial);
  // These wake the store thread, because somebody waits for them. Closed: the answer comes at once.
  void split(SplitRequest request);
  void change_dead(DeadRequest request);
  void put(StateRow row);
  void inspect(InspectionStep step);
  [[nodiscard]] std::optional<std::string> load(std::string_view key) const;
  [[nodiscard]] BufferCounts counts() const;
  [[nodiscard]] Sequence newest(FlowIndex flow) const;
  [[nodiscard]] FlowLedgers ledgers() const;

  // More than this is committed at once.
  static constexpr std::uint64_t kFlushBytes = 1024UL * 1024;

  struct Wait {
    std::optional<std::chrono::nanoseconds> time;  // without one it sleeps until something arrives
    std::uint64_t uncommitted_bytes = 0;           // that a commit could store
    bool anything_uncommitted = false;
  };
  // Returns when there is a reason to look, or `stop` is requested.
  void wait(const Wait& wait, std::stop_token stop);
  Arrivals take();

  // The newest block of each flow that a fetch may be answered with before it is stored. Returns
  // the fetches that have arrived meanwhile, as stored() does.
  std::vector<FetchRequest> offered(const std::vector<Sequence>& newest);

  // `blocks` are settled. Returns the fetches that have arrived meanwhile: those that found
  // nothing stored did so before this call, so none of them can miss the blocks. Nothing if a
  // confirmation has arrived too, which must not be overtaken; take() then returns both.
  std::vector<FetchRequest> stored(const std::vector<SealedBlock>& blocks);
  // Blocks have appeared in the flow that were not there before; the newest begins at `newest`.
  // Requests that have found nothing must look again.
  void look_again(FlowIndex flow, Sequence newest);
  void publish(FlowLedgers ledgers);
  // All but waiting_bytes, which is counted here.
  void publish(BufferCounts counts);
  // From now on fetches and steps are answered with Closed by the thread that asks.
  Arrivals close();

 private:
  template <class Request>
  bool accept(std::vector<Request> Arrivals::*into, Request& request);
  bool accept(FetchRequest& request);  // false: it is closed, and the request still the caller's
  [[nodiscard]] bool empty() const SLUICE_REQUIRES(mutex_);
  std::vector<FetchRequest> take_fetches() SLUICE_REQUIRES(mutex_);
  void arrived() SLUICE_REQUIRES(mutex_);
  void wake() SLUICE_REQUIRES(mutex_);

  const Waking waking_;
  mutable Mutex mutex_;
  std::condition_variable_any awake_;
  Arrivals arrivals_ SLUICE_GUARDED_BY(mutex_);
  std::uint64_t arrival_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::uint64_t inbox_bytes_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string, std::less<>> states_ SLUICE_GUARDED_BY(mutex_);
  std::vector<Sequence> newest_ SLUICE_GUARDED_BY(mutex_);  // block of each flow
  FlowLedgers ledgers_ SLUICE_GUARDED_BY(mutex_);
  BufferCounts counts_ SLUICE_GUARDED_BY(mutex_);
  bool wake_ SLUICE_GUARDED_BY(mutex_) = false;
  bool idle_ SLUICE_GUARDED_BY(mutex_) = false;     // asleep with nothing to commit
  bool untimed_ SLUICE_GUARDED_BY(mutex_) = false;  // asleep until woken
  std::uint64_t uncommitted_bytes_ SLUICE_GUARDED_BY(mutex_) = 0;
  bool closed_ SLUICE_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice
