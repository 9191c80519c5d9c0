#include "transforms/sql_window.h"

#include "core/json_text.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <system_error>

namespace sluice {
namespace {

constexpr std::int64_t kVersion = 1;

// A line of numbers at the front of `rest`, which is moved behind it.
template <std::size_t Count>
std::optional<std::array<std::int64_t, Count>> take_numbers(std::string_view& rest) {
  std::array<std::int64_t, Count> numbers{};
  for (std::size_t i = 0; i < Count; ++i) {
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), numbers.at(i));
    const auto used = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc() || used == rest.size() || rest[used] != (i + 1 < Count ? ' ' : '\n')) {
      return std::nullopt;
    }
    rest.remove_prefix(used + 1);
  }
  return numbers;
}

void put_numbers(std::initializer_list<std::int64_t> numbers, std::string& out) {
  for (const std::int64_t number : numbers) {
    append_number(number, out);
    out += ' ';
  }
  out.back() = '\n';
}

std::string_view take(std::size_t size, std::string_view& rest) {
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return taken;
}

std::optional<Record> take_record(std::string_view& rest) {
  const auto head = take_numbers<4>(rest);
  if (!head) {
    return std::nullopt;
  }
  const auto [time, kind, topic, body] = *head;
  const auto size = static_cast<std::int64_t>(rest.size());
  if (kind < 0 || kind > static_cast<std::int64_t>(BodyKind::Binary) || topic < 0 || body < 0 ||
      topic > size || body > size - topic) {
    return std::nullopt;
  }
  Record record{.topic = take(static_cast<std::size_t>(topic), rest),
                .time = Timestamp(std::chrono::milliseconds(time)),
                .kind = static_cast<BodyKind>(kind),
                .body = {},
                .error = {}};
  record.body = take(static_cast<std::size_t>(body), rest);
  return record;
}

}  // namespace

void SqlWindow::add(const Record& record, Timestamp now) {
  if (count_ == 0) {
    start_ = Timestamp(now.time_since_epoch() / length_ * length_);
  }
  put_numbers({record.time.time_since_epoch().count(), static_cast<std::int64_t>(record.kind),
               static_cast<std::int64_t>(record.topic.size()),
               static_cast<std::int64_t>(record.body.size())},
              records_);
  records_ += record.topic;
  records_ += record.body;
  ++count_;
}

bool SqlWindow::is_over(Timestamp now) const {
  return count_ > 0 && (now < start_ || now >= end());
}

void SqlWindow::for_each(const std::function<void(const Record&)>& visit) const {
  std::string_view rest = records_;
  while (const auto record = take_record(rest)) {
    visit(*record);
  }
}

void SqlWindow::clear() {
  count_ = 0;
  records_.clear();
}

std::string SqlWindow::save() const {
  std::string saved;
  if (count_ > 0) {
    put_numbers({kVersion, start_.time_since_epoch().count(), length_.count()}, saved);
    saved += records_;
  }
  return saved;
}

Status SqlWindow::restore(std::string_view saved) {
  std::string_view rest = saved;
  const auto head = take_numbers<3>(rest);
  if (!head || head->front() != kVersion) {
    return Error{Reaction::Reject, "it is not a window of records, or of another version"};
  }
  const std::string_view records = rest;
  std::size_t count = 0;
  while (!rest.empty()) {
    if (!take_record(rest)) {
      return Error{Reaction::Reject, "record " + std::to_string(count + 1) + " is damaged"};
    }
    ++count;
  }
  // Of another length now: it ends when it would have, or earlier.
  start_ = Timestamp(std::chrono::milliseconds(head->at(1)));
  count_ = count;
  records_ = records;
  return {};
}

}  // namespace sluice
