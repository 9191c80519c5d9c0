#include "tools/dead_work.h"

#include "admin/json_writer.h"
#include "core/mutex.h"
#include "tools/input_letter.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace sluice {

namespace {

using Done = std::function<void(Status)>;
// On the store thread; `done` may be called there or on any other.
using Act = std::function<void(Inspection&, const DeadEntry&, Done done)>;

// What became of the letters so far. Any thread.
class Outcomes {
 public:
  void note(const Status& outcome) {
    const MutexLock lock(mutex_);
    if (outcome) {
      ++done_;
    } else if (outcome.error().reaction == Reaction::Reject) {
      ++refused_;
      last_refusal_ = outcome.error().message;
    } else {
      failed_ = outcome.error();
    }
  }

  void begin(std::size_t letters) {
    const MutexLock lock(mutex_);
    open_ = letters;
  }
  // True for the last of them.
  bool end_one() {
    const MutexLock lock(mutex_);
    return --open_ == 0;
  }

  [[nodiscard]] std::optional<Error> failed() const {
    const MutexLock lock(mutex_);
    return failed_;
  }

  [[nodiscard]] std::string summary(const char* done_word) const {
    const MutexLock lock(mutex_);
    JsonWriter json;
    json.begin_object().field(done_word, done_).field("refused", refused_);
    if (refused_ > 0) {
      json.field("detail", last_refusal_);
    }
    json.end_object();
    return json.text() + '\n';
  }

 private:
  mutable Mutex mutex_;
  std::size_t open_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::uint64_t done_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::uint64_t refused_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::string last_refusal_ SLUICE_GUARDED_BY(mutex_);
  std::optional<Error> failed_ SLUICE_GUARDED_BY(mutex_);
};

// Some letters at a time. What has been begun is finished, whether anybody waits for the answer or
// not.
class DeadWork final : public AdminBody {
 public:
  DeadWork(SqliteBuffer& buffer, DeadFilter filter, Act act, const char* done_word)
      : state_(std::make_shared<State>(buffer, std::move(filter), std::move(act), done_word)) {}

  void next(AdminChunkHandler then) override {
    state_->buffer.inspect(
        [state = state_, then = std::move(then)](Result<Inspection*> file) mutable {
          if (!file) {
            return then(file.error());
          }
          work(state, **file, then);
        });
  }

 private:
  struct State {
    State(SqliteBuffer& the_buffer, DeadFilter filter, Act the_act, const char* word)
        : buffer(the_buffer), walk(std::move(filter)), act(std::move(the_act)), done_word(word) {}

    SqliteBuffer& buffer;
    DeadWalk walk;
    Act act;
    const char* done_word;
    Outcomes outcomes;
    bool told = false;
  };

  static void work(const std::shared_ptr<State>& state, Inspection& file,
                   const AdminChunkHandler& then) {
    if (state->told) {
      return then(std::optional<std::string>());
    }
    if (const std::optional<Error> failed = state->outcomes.failed()) {
      return then(*failed);
    }
    if (state->walk.done()) {
      state->told = true;
      return then(std::optional(state->outcomes.summary(state->done_word)));
    }
    const auto letters = state->walk.next(file);
    if (!letters) {
      return then(letters.error());
    }
    if (letters->empty()) {
      return then(std::optional(std::string()));
    }
    state->outcomes.begin(letters->size());
    for (const DeadEntry& entry : *letters) {
      state->act(file, entry, [state, then](const Status& outcome) {
        state->outcomes.note(outcome);
        if (state->outcomes.end_one()) {
          then(std::optional(std::string()));
        }
      });
    }
    state->buffer.flush();  // not at the next tick: there may be many more
  }

  std::shared_ptr<State> state_;
};

// The letter stays until everything that came of it is settled: a crash in between puts the message
// through once more.
void retry_input(SqliteBuffer& buffer, InputRetry& retry, Inspection& file, const DeadEntry& entry,
                 Done done) {
  if (entry.why.reason == "oversize") {
    return done(Error{Reaction::Reject, "only the beginning of the message was kept"});
  }
  const Result<BlockPtr> letter = file.dead_block(entry.id);
  if (!letter) {
    return done(letter.error());
  }
  if (*letter == nullptr) {
    return done(Error{Reaction::Reject, "the dead letter does not match its checksum"});
  }
  Result<RetriedInput> input = input_in(**letter, entry.flow);
  if (!input) {
    return done(input.error());
  }
  retry.retry(*std::move(input), [&buffer, id = entry.id, done = std::move(done)](Status settled) {
    if (!settled) {
      return done(std::move(settled));
    }
    buffer.forget_input(id, done);
  });
}

}  // namespace

std::unique_ptr<AdminBody> retry_dead_letters(SqliteBuffer& buffer, DeadFilter filter,
                                              InputRetry* retry) {
  const auto act = [&buffer, retry](Inspection& file, const DeadEntry& entry, Done done) {
    if (entry.sink.empty() && retry != nullptr) {
      return retry_input(buffer, *retry, file, entry, std::move(done));
    }
    buffer.requeue_dead(entry.id, std::move(done));
  };
  return std::make_unique<DeadWork>(buffer, std::move(filter), act, "retried");
}

std::unique_ptr<AdminBody> drop_dead_letters(SqliteBuffer& buffer, DeadFilter filter) {
  const auto act = [&buffer](Inspection& /*file*/, const DeadEntry& entry, Done done) {
    buffer.drop_dead(entry.id, std::move(done));
  };
  return std::make_unique<DeadWork>(buffer, std::move(filter), act, "dropped");
}

}  // namespace sluice
