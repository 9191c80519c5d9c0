// An io_context on a thread of its own, and a way to run something on it and wait for the result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>
#include <utility>

namespace sluice::lab {

// call(): any thread. start() and stop(): the owner's, once each; nothing may be called after
// stop().
class IoThread {
 public:
  ~IoThread() { stop(); }
  IoThread() = default;
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  boost::asio::io_context& context() { return context_; }

  void start() {
    thread_ = std::jthread([this] { context_.run(); });
  }
  void stop() {
    context_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  // Runs `function` on the thread, at once if we are on it already.
  template <class Function>
  auto call(Function function) {
    if (std::this_thread::get_id() == thread_.get_id()) {
      return function();
    }
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    boost::asio::post(context_, [&task] { task(); });
    return result.get();
  }

 private:
  boost::asio::io_context context_{1};
  // Keeps run() from returning while there is nothing to do.
  boost::asio::any_io_executor work_ = boost::asio::require(
      context_.get_executor(), boost::asio::execution::outstanding_work.tracked);
  std::jthread thread_;
};

}  // namespace sluice::lab
