#include "tests/lab/receiver.h"

#include "core/mutex.h"
#include "tests/lab/receiver_arrivals.h"
#include "tests/lab/receiver_body.h"
#include "tests/lab/receiver_lines.h"
#include "tests/lab/receiver_session.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <charconv>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sluice::lab {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::optional<asio::ssl::context> make_tls(const ReceiverOptions& options) {
  if (options.cert.empty()) {
    return std::nullopt;
  }
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.use_certificate_chain_file(options.cert);
  tls.use_private_key_file(options.key, asio::ssl::context::pem);
  if (!options.client_ca.empty()) {
    tls.load_verify_file(options.client_ca);
    tls.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return tls;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

bool is_default(const Behaviour& behaviour) {
  return behaviour.status == 200 && behaviour.retry_after.empty() && behaviour.body.empty() &&
         behaviour.delay.count() == 0 && !behaviour.hang && !behaviour.close;
}

std::string header(const Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

// Nothing if the header is absent. Rejects what is not a number.
Result<std::optional<std::uint64_t>> number_header(const Request& request, const char* name) {
  const std::string text = header(request, name);
  if (text.empty()) {
    return std::optional<std::uint64_t>{};
  }
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) {
    return Error{Reaction::Reject, std::string(name) + " is not a number: " + text};
  }
  return std::optional(number);
}

Result<Promise> promise_of(const Request& request) {
  auto first = number_header(request, "sluice-first-seq");
  auto count = number_header(request, "sluice-count");
  if (!first || !count) {
    return first ? count.error() : first.error();
  }
  return Promise{*first, *count};
}

Behaviour turned_down(int status, const std::string& why) {
  Behaviour behaviour;
  behaviour.status = status;
  behaviour.body = why + '\n';
  return behaviour;
}

}  // namespace

class Receiver::Server : private Desk {
 public:
  explicit Server(const ReceiverOptions& options)
      : tls_(make_tls(options)),
        io_(1),
        acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), options.port)) {
    if (!options.ndjson.empty()) {
      file_.open(options.ndjson, std::ios::app | std::ios::binary);
      if (!file_) {
        throw std::runtime_error("cannot write " + options.ndjson);
      }
    }
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Server() override { stop(); }

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void stop() {
    io_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] const Arrivals& arrivals() const { return arrivals_; }

  void behave(Behaviour behaviour) {
    const MutexLock lock(mutex_);
    behaviour_ = std::move(behaviour);
  }
  void follow(Script script) {
    const MutexLock lock(mutex_);
    script_ = std::move(script);
  }
  void observe(Observer observer) {
    const MutexLock lock(mutex_);
    observer_ = std::move(observer);
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& failure, tcp::socket socket) {
      if (!failure) {
        arrivals_.connected();
        serve(std::move(socket), tls_ ? &*tls_ : nullptr, *this);
      }
      accept();
    });
  }

  Behaviour decide(const Request& request) override {
    Script script;
    Behaviour behaviour;
    {
      const MutexLock lock(mutex_);
      script = script_;
      behaviour = behaviour_;
    }
    if (script) {
      Behaviour scripted = script(request.headers, request.body);
      return is_default(scripted) ? behaviour : scripted;
    }
    return behaviour;
  }

  Behaviour conclude(Request& request, const Behaviour& behaviour) override {
    if (behaviour.hang || behaviour.close || !is_success(behaviour.status)) {
      arrivals_.refuse();
      return behaviour;
    }
    if (request.method != "POST" && request.method != "PUT") {
      arrivals_.refuse();
      return turned_down(405, "send blocks with POST or PUT");
    }
    if (Status taken = take(request); !taken) {
      arrivals_.malformed(taken.error().message);
      arrivals_.refuse();
      const bool known = knows_encoding(header(request, "content-encoding"));
      return turned_down(known ? 400 : 415, taken.error().message);
    }
    return behaviour;
  }

  Status take(const Request& request) {
    auto promise = promise_of(request);
    if (!promise) {
      return promise.error();
    }
    auto lines = decode_body(header(request, "content-encoding"), request.body);
    if (!lines) {
      return lines.error();
    }
    const auto checked = check_.check(*lines, *promise);
    if (!checked) {
      return checked.error();
    }
    arrivals_.accept(
        {.flow = header(request, "sluice-agent") + '/' + header(request, "sluice-epoch") + '/' +
                 header(request, "sluice-flow"),
         .promise = *promise,
         .body_bytes = request.body.size()},
        **checked);
    keep(request, *lines);
    return {};
  }

  void keep(const Request& request, const std::string& lines) {
    if (file_.is_open()) {
      file_ << lines << std::flush;
    }
    Observer observer;
    {
      const MutexLock lock(mutex_);
      observer = observer_;
    }
    if (observer) {
      observer(request.headers, lines);
    }
  }

  Arrivals arrivals_;
  LineCheck check_;  // this and the file: server thread only
  std::ofstream file_;
  Mutex mutex_;
  Behaviour behaviour_ SLUICE_GUARDED_BY(mutex_);
  Script script_ SLUICE_GUARDED_BY(mutex_);
  Observer observer_ SLUICE_GUARDED_BY(mutex_);
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_;  // behind everything its handlers use
  tcp::acceptor acceptor_;
  std::thread thread_;
};

Receiver::Receiver(const ReceiverOptions& options) : server_(std::make_unique<Server>(options)) {
}

Receiver::~Receiver() = default;

void Receiver::stop() {
  server_->stop();
}

std::uint16_t Receiver::port() const {
  return server_->port();
}

ReceiverCounts Receiver::counts() const {
  return server_->arrivals().counts();
}

std::map<std::string, Receiver::Device> Receiver::devices() const {
  return server_->arrivals().devices();
}

bool Receiver::has(const std::string& device, std::uint64_t n) const {
  return server_->arrivals().has(device, n);
}

void Receiver::behave(Behaviour behaviour) {
  server_->behave(std::move(behaviour));
}

void Receiver::follow(Script script) {
  server_->follow(std::move(script));
}

void Receiver::observe(Observer observer) {
  server_->observe(std::move(observer));
}

}  // namespace sluice::lab
