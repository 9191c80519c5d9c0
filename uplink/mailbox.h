// From the buffer's thread to the uplink's.
#pragma once

#include "core/mutex.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace sluice {

// The buffer may answer after its asker, and even the io_context, are gone: its handlers hold a
// mailbox, which is closed before that, and through which they reach the owner as long as it lives.
// Any thread.
template <class Owner>
class Mailbox {
 public:
  void open(boost::asio::io_context& io, std::weak_ptr<Owner> owner) {
    const MutexLock lock(mutex_);
    io_ = &io;
    owner_ = std::move(owner);
  }

  void close() {
    const MutexLock lock(mutex_);
    io_ = nullptr;
  }

  // Has `what` called with the owner on the io_context's thread, or never.
  template <class What>
  void deliver(What what) {
    const MutexLock lock(mutex_);  // post() only queues
    if (io_ == nullptr) {
      return;
    }
    if (auto owner = owner_.lock()) {
      boost::asio::post(*io_, [owner = std::move(owner), what = std::move(what)] { what(*owner); });
    }
  }

 private:
  Mutex mutex_;
  boost::asio::io_context* io_ SLUICE_GUARDED_BY(mutex_) = nullptr;
  std::weak_ptr<Owner> owner_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice
