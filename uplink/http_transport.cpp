#include "uplink/http_transport.h"

#include "uplink/answers.h"
#include "uplink/codec.h"
#include "uplink/http_connection.h"
#include "uplink/http_head.h"

#include <boost/asio/post.hpp>

#include <string_view>
#include <utility>

namespace sluice {

namespace {

// Far above the size at which blocks are sealed, far below what would hurt.
constexpr std::size_t kMostContentBytes = 256UL * 1024 * 1024;

struct Body {
  std::shared_ptr<const std::string> bytes;
  std::string_view encoding;
};

Result<std::shared_ptr<const std::string>> decoded(const BlockPtr& block) {
  switch (block->codec) {
    case Codec::Ndjson:
      return std::shared_ptr<const std::string>(block, &block->data);
    case Codec::ZstdNdjson: {
      auto text = decompress_frame(block->data, kMostContentBytes);
      if (!text) {
        return text.error();
      }
      return std::make_shared<const std::string>(*std::move(text));
    }
  }
  return Error{Reaction::Reject, "the block is stored in a form that this version does not know"};
}

// What is stored is what is sent, wherever the two agree: no copy, and the pointer keeps the block.
Result<Body> body_of(const BlockPtr& block, HttpCompression compression) {
  if (compression == HttpCompression::Zstd) {
    const bool compressed = block->codec == Codec::ZstdNdjson;
    return Body{std::shared_ptr<const std::string>(block, &block->data), compressed ? "zstd" : ""};
  }
  auto text = decoded(block);
  if (!text) {
    return text.error();
  }
  if (compression == HttpCompression::None) {
    return Body{*std::move(text), ""};
  }
  auto packed = compress_gzip(**text);
  if (!packed) {
    return packed.error();
  }
  return Body{std::make_shared<const std::string>(*std::move(packed)), "gzip"};
}

class HttpTransport final : public Transport {
 public:
  HttpTransport(boost::asio::io_context& io, std::shared_ptr<const HttpDestination> destination,
                HttpHead head, HttpCompression compression, ResponseRules responses)
      : io_(io),
        destination_(std::move(destination)),
        head_(std::move(head)),
        compression_(compression),
        responses_(std::move(responses)) {}

  void send(const Shipment& shipment, AnswerHandler then) override {
    sent_bytes_ = 0;
    then_ = std::move(then);
    request(shipment);
  }

  void cancel() override {
    if (then_) {
      sent_bytes_ += connection_ ? connection_->sent_bytes() : 0;
      answer_later({.verdict = Verdict::Retry, .retry_after = {}, .detail = "given up"});
    }
    connection_.reset();
  }

 private:
  void request(const Shipment& shipment) {
    shipment_ = shipment;
    auto body = body_of(shipment.block, compression_);
    if (!body) {
      const bool never = body.error().reaction == Reaction::Reject;
      answer_later({.verdict = never ? Verdict::Refused : Verdict::Retry,
                    .retry_after = {},
                    .detail = body.error().message});
      return;
    }
    encoding_ = body->encoding;
    request_ = std::make_shared<const HttpRequest>(
        HttpRequest{head_.of(shipment, body->bytes->size(), body->encoding), body->bytes});
    if (connection_ && connection_->reusable()) {
      exchange(true);
    } else {
      connect_and_exchange();
    }
  }

  void connect_and_exchange() {
    connection_ = std::make_unique<HttpConnection>(io_, destination_);
    exchange(false);
  }

  void exchange(bool used_before) {
    connection_->exchange(request_, [this, used_before](const Result<HttpReply>& reply) {
      replied(used_before, reply);
    });
  }

  // That a server closes an idle connection is no failure: the request, which has a key, is sent
  // once more at once, over a new one.
  void replied(bool used_before, const Result<HttpReply>& reply) {
    sent_bytes_ += connection_->sent_bytes();
    if (!reply && reply.error().reaction == Reaction::Closed && used_before) {
      connect_and_exchange();
      return;
    }
    if (!reply) {
      connection_.reset();
      answer({.verdict = Verdict::Retry, .retry_after = {}, .detail = reply.error().message});
      return;
    }
    Answer meaning = answer_of(*reply, clock_.now(), responses_);
    if (meaning.verdict == Verdict::BadEncoding && step_down()) {
      request(std::exchange(shipment_, {}));
      return;
    }
    answer(std::move(meaning));
  }

  // To what more servers understand, for as long as the transport lives. False: there is nothing
  // simpler than what was sent.
  bool step_down() {
    if (encoding_.empty()) {
      return false;
    }
    compression_ = encoding_ == "zstd" ? HttpCompression::Gzip : HttpCompression::None;
    return true;
  }

  void answer(Answer answer) {
    request_.reset();
    shipment_ = {};
    answer.sent_bytes = sent_bytes_;
    std::exchange(then_, nullptr)(std::move(answer));
  }

  void answer_later(Answer answer) {
    request_.reset();
    shipment_ = {};
    answer.sent_bytes = sent_bytes_;
    boost::asio::post(
        io_, [then = std::exchange(then_, nullptr), answer = std::move(answer)] { then(answer); });
  }

  boost::asio::io_context& io_;  // outlives the transport
  std::shared_ptr<const HttpDestination> destination_;
  HttpHead head_;
  HttpCompression compression_;
  ResponseRules responses_;
  SystemClock clock_;
  Shipment shipment_;             // what is under way
  std::string_view encoding_;     // of its body
  std::uint64_t sent_bytes_ = 0;  // for it, in all requests
  std::shared_ptr<const HttpRequest> request_;
  AnswerHandler then_;                          // set while a request is under way
  std::unique_ptr<HttpConnection> connection_;  // its handlers use the rest
};

}  // namespace

Result<std::unique_ptr<Transport>> make_http_transport(boost::asio::io_context& io,
                                                       HttpTransportOptions options,
                                                       const SenderIdentity& identity) {
  if (options.url.scheme != "http" && options.url.scheme != "https") {
    return Error{Reaction::Reject, "an HTTP destination needs http:// or https://, not " +
                                       options.url.scheme + "://"};
  }
  if (options.timeout.count() <= 0) {
    return Error{Reaction::Reject, "the time-out must be longer than 0"};
  }
  auto head = HttpHead::make(options, identity);
  if (!head) {
    return head.error();
  }
  HttpDestination destination{std::move(options.url), nullptr, std::move(options.tls),
                              options.timeout};
  if (destination.url.secure()) {
    auto tls = make_client_tls(destination.tls_options);
    if (!tls) {
      return tls.error();
    }
    destination.tls = *std::move(tls);
  }
  return std::unique_ptr<Transport>(std::make_unique<HttpTransport>(
      io, std::make_shared<const HttpDestination>(std::move(destination)), *std::move(head),
      options.compression, std::move(options.responses)));
}

}  // namespace sluice
