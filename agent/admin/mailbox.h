// Lets other threads hand work to the admin thread as long as that exists. Private to admin/.
#pragma once

#include "core/mutex.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace sluice {

// Any thread.
class AdminMailbox {
 public:
  explicit AdminMailbox(boost::asio::io_context& io) : io_(&io) {}

  // Before the io_context goes away. What is posted later is dropped.
  void close() {
    const MutexLock lock(mutex_);
    io_ = nullptr;
  }

  template <class Work>
  void post(Work work) {
    const MutexLock lock(mutex_);  // post() only queues
    if (io_ != nullptr) {
      boost::asio::post(*io_, std::move(work));
    }
  }

 private:
  Mutex mutex_;
  boost::asio::io_context* io_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice
