#include "net/name_resolver.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace sluice {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

int checked(int descriptor, const char* what) {
  if (descriptor < 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  return descriptor;
}

std::uint16_t number_of(const std::string& port) {
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return number;
}

}  // namespace

// Shared by its thread and those who wait for it, whoever ends first.
class NameResolver::Lookup {
 public:
  Lookup(std::string host, std::string port)
      : host_(std::move(host)),
        port_(std::move(port)),
        event_(checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {}
  ~Lookup() { ::close(event_); }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // On a thread of its own.
  void run() {
    asio::io_context io;
    tcp::resolver resolver(io);
    error_code failure;
    Addresses found = resolver.resolve(host_, port_, tcp::resolver::numeric_service, failure);
    {
      const std::scoped_lock lock(mutex_);
      done_ = true;
      failure_ = failure;
      found_ = std::move(found);
    }
    const std::uint64_t one = 1;
    const auto written = ::write(event_, &one, sizeof(one));
    static_cast<void>(written);  // the only one, so it fits
  }

  [[nodiscard]] bool is_of(const std::string& host, const std::string& port) const {
    return host_ == host && port_ == port;
  }
  [[nodiscard]] bool is_done() const {
    const std::scoped_lock lock(mutex_);
    return done_;
  }
  void tell(const Handler& then) const {
    std::unique_lock lock(mutex_);
    const error_code failure = failure_;
    const Addresses found = found_;
    lock.unlock();
    then(failure, found);
  }
  // Readable from the moment it is done; to be closed by the caller.
  [[nodiscard]] int watch() const { return checked(::dup(event_), "dup"); }

 private:
  const std::string host_;
  const std::string port_;
  const int event_;
  mutable std::mutex mutex_;
  bool done_ = false;
  error_code failure_;
  Addresses found_;
};

// As long as it exists, an answer is wanted.
struct NameResolver::Question {
  explicit Question(asio::io_context& io) : answered(io) {}

  asio::posix::stream_descriptor answered;
};

NameResolver::~NameResolver() {
  cancel();
}

void NameResolver::resolve(const std::string& host, const std::string& port, Handler then) {
  cancel();
  question_ = std::make_shared<Question>(io_);
  error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    return answer({}, Addresses::create(tcp::endpoint(address, number_of(port)), host, port),
                  std::move(then));
  }
  try {
    if (lookup_ == nullptr || !lookup_->is_of(host, port) || lookup_->is_done()) {
      auto lookup = std::make_shared<Lookup>(host, port);
      std::thread([lookup] {
        pthread_setname_np(pthread_self(), "resolve");
        lookup->run();
      }).detach();
      lookup_ = std::move(lookup);
    }
    question_->answered.assign(lookup_->watch());
  } catch (const std::system_error& error) {  // no more threads or descriptors at the moment
    return answer({error.code().value(), boost::system::system_category()}, {}, std::move(then));
  }
  wait(std::move(then));
}

// A descriptor may be reported as readable when it is not: an event of one that was closed before
// can reach another that took its place in the reactor.
void NameResolver::wait(Handler then) {
  question_->answered.async_wait(asio::posix::stream_descriptor::wait_read,
                                 [this, asked = std::weak_ptr(question_),
                                  then = std::move(then)](const error_code& cancelled) {
                                   if (cancelled || asked.expired()) {
                                     return;
                                   }
                                   if (!lookup_->is_done()) {
                                     wait(then);
                                     return;
                                   }
                                   question_ = nullptr;
                                   const std::shared_ptr<Lookup> lookup = lookup_;
                                   lookup->tell(then);  // may end this object
                                 });
}

void NameResolver::answer(const error_code& failure, const Addresses& found, Handler then) {
  asio::post(io_, [this, asked = std::weak_ptr(question_), failure, found, then = std::move(then)] {
    if (!asked.expired()) {
      question_ = nullptr;
      then(failure, found);  // may end this object
    }
  });
}

void NameResolver::cancel() {
  question_ = nullptr;  // closes its descriptor, and so ends the wait
}

}  // namespace sluice
