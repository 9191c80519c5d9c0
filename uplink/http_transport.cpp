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
                HttpHead head, HttpCompression compression)
      : io_(io),
        destination_(std::move(destination)),
        head_(std::move(head)),
        compression_(compression) {}

  void send(const Shipment& shipment, AnswerHandler then) override {
    const BlockPtr& block = shipment.block;
    auto body = body_of(block, compression_);
    if (!body) {
      const bool never = body.error().reaction == Reaction::Reject;
      answer_later(std::move(then), {.verdict = never ? Verdict::Refused : Verdict::Retry,
                                     .retry_after = {},
                                     .detail = body.error().message});
      return;
    }
    then_ = std::move(then);
    request_ = std::make_shared<const HttpRequest>(
        HttpRequest{head_.of(*block, body->bytes->size(), body->encoding), body->bytes});
    if (connection_ && connection_->reusable()) {
      exchange(true);
    } else {
      connect_and_exchange();
    }
  }

  void cancel() override {
    connection_.reset();
    request_.reset();
    if (then_) {
      answer_later(std::exchange(then_, nullptr),
                   {.verdict = Verdict::Retry, .retry_after = {}, .detail = "given up"});
    }
  }

 private:
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
    if (!reply && reply.error().reaction == Reaction::Closed && used_before) {
      connect_and_exchange();
      return;
    }
    request_.reset();
    const AnswerHandler then = std::exchange(then_, nullptr);
    if (!reply) {
      connection_.reset();
      then({.verdict = Verdict::Retry, .retry_after = {}, .detail = reply.error().message});
      return;
    }
    then(answer_of(*reply, clock_.now()));
  }

  void answer_later(AnswerHandler then, Answer answer) {
    boost::asio::post(io_, [then = std::move(then), answer = std::move(answer)] { then(answer); });
  }

  boost::asio::io_context& io_;  // outlives the transport
  std::shared_ptr<const HttpDestination> destination_;
  HttpHead head_;
  HttpCompression compression_;
  SystemClock clock_;
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
      options.compression));
}

}  // namespace sluice
