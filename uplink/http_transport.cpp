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
    const BlockPtr& block = shipment.block;
    auto body = body_of(block, compression_);
    if (!body) {
      const bool never = body.error().reaction == Reaction::Reject;
      answer_later(std::move(then), {.verdict = never ? Verdict::Refused : Verdict::Retry,
                                     .retry_after = {},
                                     .detail = body.error().message});
      return;
    }
    auto head = [block, bytes = body->bytes->size(), encoding = body->encoding](
                    const HttpHead& of_url) { return of_url.of(*block, bytes, encoding); };
    courier_->carry({std::move(head), body->bytes}, std::move(then));
  }

  void cancel() override { courier_->cancel(); }

  [[nodiscard]] TransportFigures figures() const override { return courier_->figures(); }

 private:
  void answer_later(AnswerHandler then, Answer answer) {
    boost::asio::post(io_, [then = std::move(then), answer = std::move(answer)] { then(answer); });
  }

  boost::asio::io_context& io_;  // outlives the transport
  std::unique_ptr<HttpCourier> courier_;
  HttpCompression compression_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_http_transport(boost::asio::io_context& io,
                                                       HttpTransportOptions options,
                                                       const SenderIdentity& identity,
                                                       const Clock& clock) {
  const HttpCompression compression = options.compression;
  auto judge = [&clock](const HttpReply& reply) { return answer_of(reply, clock.now()); };
  auto courier = HttpCourier::make(io, std::move(options), identity, std::move(judge), clock);
  if (!courier) {
    return courier.error();
  }
  return std::unique_ptr<Transport>(
      std::make_unique<HttpTransport>(io, *std::move(courier), compression));
}

}  // namespace sluice
