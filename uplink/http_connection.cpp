#include "uplink/http_connection.h"

#include "uplink/http_channel.h"
#include "uplink/step_deadline.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace sluice {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Failure = boost::system::error_code;

constexpr std::uint32_t kMostHeaderBytes = 16UL * 1024;
constexpr std::size_t kMostBodyBytes = 1024UL * 1024;
constexpr std::size_t kLeastProgress = 1024;
constexpr int kMostInterimAnswers = 16;
constexpr unsigned kSwitchingProtocols = 101;

// 101 changes the protocol: what comes behind it is not HTTP any more, so it is an answer.
bool is_interim(unsigned status) {
  return status >= 100 && status < 200 && status != kSwitchingProtocols;
}

// The other side is gone, which is what becomes of an idle connection sooner or later.
bool is_end(const Failure& failure) {
  return failure == http::error::end_of_stream || failure == asio::error::eof ||
         failure == asio::error::connection_reset || failure == asio::error::connection_aborted ||
         failure == asio::error::broken_pipe || failure == asio::ssl::error::stream_truncated;
}

}  // namespace

// Its handlers hold it until the last of them has run. After its end, with `then_` empty, they find
// nothing to do.
class HttpConnection::Link : public std::enable_shared_from_this<HttpConnection::Link> {
 public:
  Link(asio::io_context& io, std::shared_ptr<const HttpDestination> destination)
      : destination_(std::move(destination)),
        channel_(std::make_shared<HttpChannel>(io, destination_)),
        deadline_(io) {}

  void exchange(std::shared_ptr<const HttpRequest> request, ReplyHandler then) {
    request_ = std::move(request);
    then_ = std::move(then);
    if (open_) {
      send();
      return;
    }
    channel_->open([self = shared_from_this()](const Status& opened) {
      if (!opened) {
        self->fail(opened.error());
        return;
      }
      self->open_ = true;
      self->send();
    });
  }

  [[nodiscard]] bool reusable() { return !then_ && channel_->idle(); }

  void close() {
    then_ = nullptr;
    deadline_.close();
    channel_->close();
  }

 private:
  // Reads while it writes: a server may refuse a request before it has read all of it.
  void send() {
    sent_ = false;
    written_ = 0;
    unacknowledged_ = request_bytes();
    prolonged_ = false;
    interim_answers_ = 0;
    reply_ = {};
    read_bytes_ = 0;
    deadline_.set(destination_->timeout, [this] { took_too_long(); });
    write();
    read_head();
  }

  void write() {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(request_->head),
                                                    asio::buffer(*request_->body)};
    // Notes how far it has come, and lets each write be as long as it likes.
    auto proceed = [self = shared_from_this(), all = request_bytes()](const Failure& failure,
                                                                      std::size_t written) {
      self->note_written(written);
      return failure ? 0 : all - written;
    };
    // An error is not reported: the answer that says why may have arrived already, and if there is
    // none, reading fails, too. Holds the request, because an early answer ends the exchange
    // before the write.
    auto then = [self = shared_from_this(), request = request_](const Failure& failure,
                                                                std::size_t written) {
      self->note_written(written);
      self->sent_ = !failure;
    };
    channel_->with_stream([&](auto& stream) {
      asio::async_write(stream, buffers, std::move(proceed), std::move(then));
    });
  }

  void note_written(std::size_t written) {
    destination_->meter->sent_bytes += written - std::exchange(written_, written);
  }

  void read_head() {
    parser_.emplace();
    parser_->header_limit(kMostHeaderBytes);
    // No limit here, ours is kMostBodyBytes; Beast 1.74 takes boost::none for a limit of nothing.
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    channel_->with_stream([this](auto& stream) {
      http::async_read_header(
          stream, buffer_, *parser_,
          [self = shared_from_this()](const Failure& failure, std::size_t /*bytes*/) {
            self->got_head(failure);
          });
    });
  }

  void got_head(const Failure& failure) {
    if (!then_) {
      return;
    }
    if (failure) {
      fail(without_answer(failure));
      return;
    }
    const auto& head = parser_->get();
    reply_.status = head.result_int();
    if (is_interim(reply_.status)) {
      if (++interim_answers_ > kMostInterimAnswers) {
        fail({Reaction::Retry, "the server sends one interim answer after the other"});
      } else {
        read_head();
      }
      return;
    }
    reply_.reason = std::string(head.reason());
    reply_.retry_after = std::string(head[http::field::retry_after]);
    reply_.date = std::string(head[http::field::date]);
    reply_.location = std::string(head[http::field::location]);
    read_body();
  }

  void read_body() {
    if (parser_->is_done() || read_bytes_ > kMostBodyBytes) {
      answered();
      return;
    }
    auto& body = parser_->get().body();
    body.data = chunk_.data();
    body.size = chunk_.size();
    body.more = true;
    channel_->with_stream([this](auto& stream) {
      http::async_read(stream, buffer_, *parser_,
                       [self = shared_from_this()](const Failure& failure, std::size_t /*bytes*/) {
                         self->got_body(failure);
                       });
    });
  }

  void got_body(const Failure& failure) {
    if (!then_) {
      return;
    }
    if (failure && failure != http::error::need_buffer) {
      // A body cut off says that something broke after the status, even if that was 200.
      fail({Reaction::Retry, "the answer was cut off after its status " +
                                 std::to_string(reply_.status) + ": " + failure.message()});
      return;
    }
    const std::size_t got = chunk_.size() - parser_->get().body().size;
    read_bytes_ += got;
    const std::size_t room = destination_->kept_body_bytes - reply_.content.size();
    reply_.content.append(chunk_.data(), std::min(got, room));
    read_body();
  }

  void answered() {
    if (!sent_ && verdict_of(reply_.status) == Verdict::Confirmed) {
      // Nobody can answer for what he has not got.
      fail({Reaction::Retry, "the server answered " + std::to_string(reply_.status) +
                                 " before it had the whole request"});
      return;
    }
    reply_.early = !sent_;
    const bool stays_open = sent_ && parser_->is_done() && parser_->keep_alive() &&
                            buffer_.size() == 0 && reply_.status != kSwitchingProtocols;
    deadline_.clear();
    request_.reset();
    parser_.reset();
    if (buffer_.capacity() > kKeptBodyBytes) {
      buffer_.shrink_to_fit();  // a large answer must not hold its memory through an idle week
    }
    const ReplyHandler then = std::exchange(then_, nullptr);
    if (!stays_open) {
      close();
    }
    then(std::move(reply_));
  }

  [[nodiscard]] Error without_answer(const Failure& failure) const {
    if (is_end(failure) && !parser_->got_some()) {
      return {Reaction::Closed, "the server closed the connection without an answer"};
    }
    if (is_end(failure) || failure == http::error::partial_message) {
      return {Reaction::Retry, "the server closed the connection in the middle of an answer"};
    }
    if (failure.category() == make_error_code(http::error::bad_version).category()) {
      return {Reaction::Retry, "the answer is not proper HTTP: " + failure.message()};
    }
    return {Reaction::Retry,
            "the connection failed while waiting for the answer: " + failure.message()};
  }

  void fail(Error error) {
    const ReplyHandler then = std::exchange(then_, nullptr);
    close();
    then(std::move(error));
  }

  [[nodiscard]] std::size_t request_bytes() const {
    return request_->head.size() + request_->body->size();
  }

  void took_too_long() {
    if (progresses()) {
      deadline_.set(destination_->timeout, [this] { took_too_long(); });
      return;
    }
    const auto self = shared_from_this();  // the handler may let go of it
    fail(
        {Reaction::Retry, (unacknowledged_ > 0 ? "the server took too little of the request within "
                                               : "no answer within ") +
                              in_seconds(destination_->timeout)});
  }

  // Whether enough of the request has been acknowledged since the last look. When all of it has,
  // and that took longer than one time-out, the server has one more for its answer.
  bool progresses() {
    const std::size_t left = request_bytes() - written_ + channel_->unacknowledged();
    const std::size_t before = std::exchange(unacknowledged_, left);
    if (left == 0) {
      return prolonged_ && before > 0;
    }
    prolonged_ = true;
    return left + kLeastProgress <= before;
  }

  std::shared_ptr<const HttpDestination> destination_;
  std::shared_ptr<HttpChannel> channel_;
  bool open_ = false;

  std::shared_ptr<const HttpRequest> request_;
  ReplyHandler then_;  // set while an exchange is under way
  bool sent_ = false;
  std::size_t written_ = 0;
  std::size_t unacknowledged_ = 0;  // when last looked
  bool prolonged_ = false;
  StepDeadline deadline_;

  boost::beast::flat_buffer buffer_{kMostHeaderBytes + kKeptBodyBytes};
  std::optional<http::response_parser<http::buffer_body>> parser_;
  std::array<char, kKeptBodyBytes> chunk_{};
  int interim_answers_ = 0;
  HttpReply reply_;
  std::size_t read_bytes_ = 0;
};

HttpConnection::HttpConnection(asio::io_context& io,
                               std::shared_ptr<const HttpDestination> destination)
    : link_(std::make_shared<Link>(io, std::move(destination))) {
}

HttpConnection::~HttpConnection() {
  link_->close();
}

void HttpConnection::exchange(std::shared_ptr<const HttpRequest> request, ReplyHandler then) {
  link_->exchange(std::move(request), std::move(then));
}

bool HttpConnection::reusable() const {
  return link_->reusable();
}

}  // namespace sluice
