#include "tests/lab/receiver_session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>

namespace sluice::lab {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;
using Failure = boost::system::error_code;

constexpr std::uint64_t kMostBodyBytes = 64UL * 1024 * 1024;

std::string lower_case(boost::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// Lives as long as one of its handlers is pending.
template <class Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  Session(Stream stream, Desk& desk)
      : stream_(std::move(stream)), timer_(stream_.get_executor()), desk_(desk) {}

  void start() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](const Failure& failure) {
                                if (!failure) {
                                  self->read();
                                }
                              });
    } else {
      read();
    }
  }

 private:
  void read() {
    parser_.emplace();
    parser_->body_limit(kMostBodyBytes);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](const Failure& failure, std::size_t /*bytes*/) {
          if (!failure) {
            self->arrived();
          }
        });
  }

  void arrived() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive();
    request_.method = std::string(message.method_string());
    request_.headers.clear();
    for (const auto& field : message) {
      request_.headers[lower_case(field.name_string())] = std::string(field.value());
    }
    request_.body = std::move(message.body());
    behaviour_ = desk_.decide(request_);
    if (behaviour_.delay.count() == 0) {
      conclude();
      return;
    }
    timer_.expires_after(behaviour_.delay);
    timer_.async_wait([self = this->shared_from_this()](const Failure& failure) {
      if (!failure) {
        self->conclude();
      }
    });
  }

  void conclude() {
    behaviour_ = desk_.conclude(request_, behaviour_);
    if (behaviour_.close) {
      Failure ignored;  // the connection ends either way
      stream_.lowest_layer().close(ignored);
    } else if (behaviour_.hang) {
      wait_for_the_end();
    } else {
      answer();
    }
  }

  void wait_for_the_end() {
    stream_.async_read_some(
        asio::buffer(rest_),
        [self = this->shared_from_this()](const Failure& /*ended*/, std::size_t /*bytes*/) {});
  }

  void answer() {
    response_ = {};
    response_.result(static_cast<unsigned>(behaviour_.status));
    response_.set(http::field::server, "sluice-lab");
    if (!behaviour_.retry_after.empty()) {
      response_.set(http::field::retry_after, behaviour_.retry_after);
    }
    response_.body() = behaviour_.body;
    response_.keep_alive(keep_alive_);
    response_.prepare_payload();
    http::async_write(
        stream_, response_,
        [self = this->shared_from_this()](const Failure& failure, std::size_t /*bytes*/) {
          if (!failure && self->keep_alive_) {
            self->read();
          }
        });
  }

  Stream stream_;
  asio::steady_timer timer_;
  Desk& desk_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  Request request_;
  Behaviour behaviour_;
  bool keep_alive_ = false;
  std::array<char, 1> rest_{};
};

}  // namespace

void serve(tcp::socket socket, asio::ssl::context* tls, Desk& desk) {
  Failure ignored;  // without it answers are only slower
  socket.set_option(tcp::no_delay(true), ignored);
  if (tls != nullptr) {
    std::make_shared<Session<TlsStream>>(TlsStream(std::move(socket), *tls), desk)->start();
  } else {
    std::make_shared<Session<tcp::socket>>(std::move(socket), desk)->start();
  }
}

}  // namespace sluice::lab
