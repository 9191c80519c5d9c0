#include "uplink/tls_probe.h"

#include "net/name_resolver.h"
#include "uplink/step_deadline.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <array>
#include <utility>

namespace sluice {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = boost::system::error_code;

class TlsProbe : public std::enable_shared_from_this<TlsProbe> {
 private:
  // A handler that does nothing once the probe has been given up. It keeps the probe, because what
  // TLS has under way refers to it until the end.
  template <class Then>
  auto guarded(Then then) {
    return [self = shared_from_this(), then](const Failure& failure, const auto&... more) {
      if (self->then_) {
        then(*self, failure, more...);
      }
    };
  }

 public:
  TlsProbe(asio::io_context& io, Url url, TlsOptions options, TlsContext context,
           std::function<void(std::string)> then)
      : url_(std::move(url)),
        options_(std::move(options)),
        context_(std::move(context)),
        resolver_(io),
        socket_(io),
        stream_(socket_, *context_),
        deadline_(io),
        then_(std::move(then)) {}

  void start(std::chrono::milliseconds at_most) {
    deadline_.set(at_most, [self = shared_from_this()] { self->finish({}); });
    resolver_.resolve(
        url_.host, url_.port,
        guarded(
            [](TlsProbe& self, const Failure& failure, const tcp::resolver::results_type& found) {
              failure ? self.finish("cannot resolve " + self.url_.host + ": " + failure.message())
                      : self.connect(found);
            }));
  }

  void give_up() {
    then_ = nullptr;
    close();
  }

 private:
  void connect(const tcp::resolver::results_type& found) {
    asio::async_connect(
        socket_, found, guarded([](TlsProbe& self, const Failure& failure, const tcp::endpoint&) {
          failure ? self.finish("cannot connect: " + failure.message()) : self.handshake();
        }));
  }

  void handshake() {
    if (const Status ready = prepare_client_tls(stream_.native_handle(), options_, url_.host);
        !ready) {
      return finish(ready.error().message);
    }
    stream_.async_handshake(asio::ssl::stream_base::client,
                            guarded([](TlsProbe& self, const Failure& failure) {
                              failure ? self.finish(self.words_for(failure)) : self.listen();
                            }));
  }

  // With TLS 1.3 a server refuses our certificate only now.
  void listen() {
    stream_.async_read_some(asio::buffer(byte_),
                            guarded([](TlsProbe& self, const Failure& failure, std::size_t) {
                              self.finish(failure ? self.words_for(failure) : "");
                            }));
  }

  std::string words_for(const Failure& failure) {
    return tls_failure(stream_.native_handle(), failure);
  }

  void finish(std::string words) {
    close();
    std::exchange(then_, nullptr)(std::move(words));
  }

  void close() {
    deadline_.close();
    resolver_.cancel();
    Failure ignored;  // it may be closed already
    socket_.close(ignored);
  }

  const Url url_;
  const TlsOptions options_;
  const TlsContext context_;
  NameResolver resolver_;
  tcp::socket socket_;
  asio::ssl::stream<tcp::socket&> stream_;
  StepDeadline deadline_;
  std::array<char, 1> byte_{};
  std::function<void(std::string)> then_;
};

}  // namespace

std::shared_ptr<void> probe_tls(asio::io_context& io, const Url& url, const TlsOptions& options,
                                TlsContext context, std::chrono::milliseconds at_most,
                                std::function<void(std::string)> then) {
  auto probe = std::make_shared<TlsProbe>(io, url, options, std::move(context), std::move(then));
  probe->start(at_most);
  return {probe.get(), [probe](void*) { probe->give_up(); }};
}

}  // namespace sluice
