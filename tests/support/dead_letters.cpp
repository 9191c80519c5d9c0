#include "tests/support/dead_letters.h"

#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace sluice::testing_support {

namespace {

// The store thread keeps the promise: it answers everything it has been asked, also when it stops.
template <class Answer>
Answer wait_for(const std::function<void(std::function<void(Answer)>)>& ask) {
  const auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  ask([promise](Answer given) { promise->set_value(std::move(given)); });
  return answer.get();
}

template <class Answer>
Answer look(SqliteBuffer& buffer, const std::function<Answer(Inspection&)>& work) {
  return wait_for<Answer>([&](const std::function<void(Answer)>& then) {
    buffer.inspect([work, then](const Result<Inspection*>& file) {
      then(file ? work(**file) : Answer(file.error()));
    });
  });
}

}  // namespace

Result<std::vector<DeadEntry>> list_dead_letters(SqliteBuffer& buffer, DeadId after,
                                                 std::size_t most) {
  return look<Result<std::vector<DeadEntry>>>(
      buffer, [after, most](Inspection& file) { return file.dead(after, most); });
}

Result<BlockPtr> read_dead_letter(SqliteBuffer& buffer, DeadId id) {
  return look<Result<BlockPtr>>(buffer, [id](Inspection& file) { return file.dead_block(id); });
}

Status requeue_dead_letter(SqliteBuffer& buffer, DeadId id) {
  return wait_for<Status>([&](SplitHandler then) { buffer.requeue_dead(id, std::move(then)); });
}

Status forget_dead_input(SqliteBuffer& buffer, DeadId id) {
  return wait_for<Status>([&](SplitHandler then) { buffer.forget_input(id, std::move(then)); });
}

Status drop_dead_letter(SqliteBuffer& buffer, DeadId id) {
  return wait_for<Status>([&](SplitHandler then) { buffer.drop_dead(id, std::move(then)); });
}

}  // namespace sluice::testing_support
