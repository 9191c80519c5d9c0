#include "buffers/dead_letters.h"

#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace sluice {

namespace {

// The store thread keeps the promise: it answers everything it has been asked, also when it stops.
template <class Answer>
Answer wait_for(const std::function<void(std::function<void(Answer)>)>& ask) {
  const auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  ask([promise](Answer given) { promise->set_value(std::move(given)); });
  return answer.get();
}

}  // namespace

Result<std::vector<DeadEntry>> list_dead_letters(SqliteBuffer& buffer, DeadId after,
                                                 std::size_t most) {
  return wait_for<Result<std::vector<DeadEntry>>>(
      [&](DeadListHandler then) { buffer.list_dead(after, most, std::move(then)); });
}

Result<BlockPtr> read_dead_letter(SqliteBuffer& buffer, DeadId id) {
  return wait_for<Result<BlockPtr>>(
      [&](FetchHandler then) { buffer.read_dead(id, std::move(then)); });
}

Status requeue_dead_letter(SqliteBuffer& buffer, DeadId id) {
  return wait_for<Status>([&](SplitHandler then) { buffer.requeue_dead(id, std::move(then)); });
}

Status drop_dead_letter(SqliteBuffer& buffer, DeadId id) {
  return wait_for<Status>([&](SplitHandler then) { buffer.drop_dead(id, std::move(then)); });
}

}  // namespace sluice
