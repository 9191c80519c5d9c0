// The answer that a transport owes for the block under way.
#pragma once

#include "core/transport.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <string>
#include <utility>

namespace sluice {

// One thread at a time: the uplink's.
class PendingAnswer {
 public:
  explicit PendingAnswer(boost::asio::io_context& io) : io_(io) {}

  void expect(AnswerHandler then) { then_ = std::move(then); }
  [[nodiscard]] bool expected() const { return then_ != nullptr; }

  // Never calls back before the caller has returned, so it may be used within send(). Does nothing
  // if no answer is expected.
  void give(Answer answer) {
    if (then_) {
      boost::asio::post(io_, [then = std::exchange(then_, nullptr), answer = std::move(answer)] {
        then(answer);
      });
    }
  }
  void give(Verdict verdict, std::string detail) {
    give({.verdict = verdict, .retry_after = {}, .detail = std::move(detail)});
  }

 private:
  boost::asio::io_context& io_;
  AnswerHandler then_;
};

}  // namespace sluice
