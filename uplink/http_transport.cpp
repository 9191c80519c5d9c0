#include "uplink/http_transport.h"

#include "uplink/answers.h"
#include "uplink/codec.h"
#include "uplink/http_courier.h"

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
  HttpTransport(boost::asio::io_context& io, std::unique_ptr<HttpCourier> courier,
                HttpCompression compression)
      : io_(io), courier_(std::move(courier)), compression_(compression) {}

  void send(const Shipment& shipment, AnswerHandler then) override {
    sent_bytes_ = 0;
    then_ = std::move(then);
    request(shipment);
  }

  void cancel() override { courier_->cancel(); }

  [[nodiscard]] TransportFigures figures() const override { return courier_->figures(); }

 private:
  void request(const Shipment& shipment) {
    auto body = body_of(shipment.block, compression_);
    if (!body) {
      const bool never = body.error().reaction == Reaction::Reject;
      answer_later({.verdict = never ? Verdict::Refused : Verdict::Retry,
                    .retry_after = {},
                    .detail = body.error().message});
      return;
    }
    shipment_ = shipment;
    encoding_ = body->encoding;
    auto head = [shipment, bytes = body->bytes->size(), encoding = body->encoding](
                    const HttpHead& of_url) { return of_url.of(shipment, bytes, encoding); };
    courier_->carry({std::move(head), body->bytes},
                    [this](Answer answer) { answered(std::move(answer)); });
  }

  void answered(Answer answer) {
    sent_bytes_ += answer.sent_bytes;
    if (answer.verdict == Verdict::BadEncoding && step_down()) {
      request(std::exchange(shipment_, {}));
      return;
    }
    shipment_ = {};
    answer.sent_bytes = sent_bytes_;
    std::exchange(then_, nullptr)(std::move(answer));
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

  void answer_later(Answer answer) {
    answer.sent_bytes = sent_bytes_;
    boost::asio::post(
        io_, [then = std::exchange(then_, nullptr), answer = std::move(answer)] { then(answer); });
  }

  boost::asio::io_context& io_;  // outlives the transport
  std::unique_ptr<HttpCourier> courier_;
  HttpCompression compression_;
  Shipment shipment_;             // what is under way
  std::string_view encoding_;     // of its body
  std::uint64_t sent_bytes_ = 0;  // for it, in all requests
  AnswerHandler then_;            // set while there is one
};

}  // namespace

Result<std::unique_ptr<Transport>> make_http_transport(boost::asio::io_context& io,
                                                       HttpTransportOptions options,
                                                       const SenderIdentity& identity,
                                                       const Clock& clock) {
  const HttpCompression compression = options.compression;
  auto judge = [&clock, responses = options.responses](const HttpReply& reply) {
    return answer_of(reply, clock.now(), responses);
  };
  auto courier = HttpCourier::make(io, std::move(options), identity, std::move(judge), clock);
  if (!courier) {
    return courier.error();
  }
  return std::unique_ptr<Transport>(
      std::make_unique<HttpTransport>(io, *std::move(courier), compression));
}

}  // namespace sluice
