#include "sources/broker_link.h"

#include "sources/acknowledgements.h"
#include "sources/link_session.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = boost::asio::ip::tcp;

// A CONNECT with its will; nothing that a stranger sends takes more memory.
constexpr PacketLimits kLimitsBeforeConnect{.publish = 0, .other = 256UL * 1024};
constexpr PacketLimits kLimitsAfterConnect{.publish = std::numeric_limits<std::size_t>::max(),
                                           .other = std::numeric_limits<std::size_t>::max()};
constexpr std::chrono::seconds kTimeToConnect{5};
constexpr std::chrono::milliseconds kAcceptAgain{100};
// Connections without a valid CONNECT: so many strangers cannot keep the client library out, since
// the oldest makes room.
constexpr std::size_t kMaxCandidates = 8;

std::string make_token() {
  std::array<unsigned char, 24> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw std::runtime_error("no random numbers for the token of the link");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : random) {
    token += kDigits[byte >> 4U];
    token += kDigits[byte & 15U];
  }
  return token;
}

// In constant time, so that nobody can guess the token one character after the other.
bool same(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

class BrokerLink::Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(std::shared_ptr<LinkContext> context, BrokerLinkListener& listener)
      : context_(std::move(context)),
        listener_(listener),
        token_(make_token()),
        acceptor_(context_->io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        accept_again_(context_->io) {
    context_->last_message = context_->clock.elapsed().time_since_epoch().count();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] const LinkContext& context() const { return *context_; }

  void accept();
  void settled(Ticket last);
  void resume();
  void stop_reading();
  void skip_retained(bool skip) {
    if (session_) session_->skip_retained(skip);
  }
  void close();
  [[nodiscard]] std::uint64_t turns() const { return turns_; }

 private:
  // Somebody who has connected and has not said yet who he is.
  struct Candidate final : PahoLegOwner {
    Candidate(std::weak_ptr<Worker> to, tcp::socket socket)
        : worker(std::move(to)),
          deadline(socket.get_executor()),
          leg(std::make_shared<PahoLeg>(std::move(socket), kLimitsBeforeConnect)) {}

    void from_paho(const PacketReader::Packet& packet) override {
      if (const auto shared = worker.lock()) shared->admit(*this, packet);
    }
    void paho_gone() override {
      if (const auto shared = worker.lock()) shared->refuse(*this);
    }
    void paho_drained() override {}

    std::weak_ptr<Worker> worker;
    asio::steady_timer deadline;
    std::shared_ptr<PahoLeg> leg;
  };

  void welcome(tcp::socket socket);
  void admit(Candidate& candidate, const PacketReader::Packet& packet);
  void refuse(Candidate& candidate);
  void forget(const Candidate& candidate);
  void begin(const std::shared_ptr<PahoLeg>& leg, const ConnectOptions& connect);

  std::shared_ptr<LinkContext> context_;
  BrokerLinkListener& listener_;
  std::string token_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_again_;
  std::vector<std::shared_ptr<Candidate>> candidates_;
  std::shared_ptr<LinkSession> session_;
  std::atomic<bool> settling_{false};  // a handler that will look for settled messages is queued
  std::atomic<std::uint64_t> turns_{0};
  bool stopped_ = false;
  bool closed_ = false;
};

void BrokerLink::Worker::accept() {
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    if (self->closed_) return;
    if (!error) {
      self->welcome(std::move(socket));
      self->accept();
      return;
    }
    // No file descriptors left, most likely. They come back.
    self->accept_again_.expires_after(kAcceptAgain);
    self->accept_again_.async_wait([self](const error_code& cancelled) {
      if (!cancelled && !self->closed_) self->accept();
    });
  });
}

void BrokerLink::Worker::welcome(tcp::socket socket) {
  if (candidates_.size() == kMaxCandidates) refuse(*candidates_.front());
  auto candidate = std::make_shared<Candidate>(weak_from_this(), std::move(socket));
  candidates_.push_back(candidate);
  candidate->deadline.expires_after(kTimeToConnect);
  candidate->deadline.async_wait(
      [self = shared_from_this(), weak = std::weak_ptr(candidate)](const error_code& error) {
        const auto late = weak.lock();
        if (late && !error) self->refuse(*late);
      });
  candidate->leg->belong_to(candidate);
  candidate->leg->start();
}

void BrokerLink::Worker::admit(Candidate& candidate, const PacketReader::Packet& packet) {
  const auto connect = packet.header.type() == PacketType::Connect
                           ? parse_connect(packet.header, packet.body)
                           : std::nullopt;
  if (!connect || !same(connect->username.value_or(""), token_)) {
    refuse(candidate);
    return;
  }
  const auto leg = candidate.leg;
  forget(candidate);
  begin(leg, *connect);
}

void BrokerLink::Worker::refuse(Candidate& candidate) {
  candidate.leg->close();
  forget(candidate);
}

void BrokerLink::Worker::forget(const Candidate& candidate) {
  std::erase_if(candidates_, [&](const auto& other) { return other.get() == &candidate; });
}

// The client library connects again when it has given up the old connection, which may not have
// been noticed here yet.
void BrokerLink::Worker::begin(const std::shared_ptr<PahoLeg>& leg, const ConnectOptions& connect) {
  if (auto old = std::exchange(session_, nullptr)) old->close();
  session_ = std::make_shared<LinkSession>(context_, leg,
                                           [weak = weak_from_this()](const std::string& reason) {
                                             const auto self = weak.lock();
                                             if (!self || self->closed_) return;
                                             self->session_.reset();
                                             if (reason.empty()) {
                                               self->listener_.connection_over();
                                             } else {
                                               self->listener_.broker_lost(reason);
                                             }
                                           });
  leg->belong_to(session_);
  leg->set_limits(kLimitsAfterConnect);
  session_->start(connect);
  if (stopped_) session_->stop_reading();
}

void BrokerLink::Worker::settled(Ticket last) {
  context_->acknowledgements.settled(last);
  // If nothing is owed yet, the link looks for itself once it owes.
  if (context_->acknowledgements.owed() == 0 || settling_.exchange(true)) return;
  asio::post(context_->io, [self = shared_from_this()] {
    self->settling_ = false;
    if (self->session_) self->session_->send_settled();
  });
}

void BrokerLink::Worker::resume() {
  asio::post(context_->io, [self = shared_from_this()] {
    ++self->turns_;
    if (self->session_) self->session_->resume();
  });
}

void BrokerLink::Worker::stop_reading() {
  stopped_ = true;
  if (session_) session_->stop_reading();
}

void BrokerLink::Worker::close() {
  if (std::exchange(closed_, true)) return;
  error_code ignored;  // nobody is accepted any more in any case
  acceptor_.close(ignored);
  accept_again_.cancel();
  while (!candidates_.empty()) {
    refuse(*candidates_.back());
  }
  if (auto session = std::exchange(session_, nullptr)) session->close();
}

BrokerLink::BrokerLink(asio::io_context& io, BrokerLinkOptions options, Inlet& inlet,
                       Acknowledgements& acknowledgements, BrokerLinkListener& listener,
                       const Clock& clock)
    : worker_(std::make_shared<Worker>(
          std::make_shared<LinkContext>(io, std::move(options), inlet, acknowledgements, clock),
          listener)),
      port_(worker_->port()) {
  worker_->accept();
}

// NOLINTNEXTLINE(bugprone-exception-escape): closing throws only when memory is exhausted
BrokerLink::~BrokerLink() {
  worker_->close();
}

std::uint16_t BrokerLink::port() const {
  return port_;
}
const std::string& BrokerLink::token() const {
  return worker_->token();
}
void BrokerLink::settled(Ticket last) {
  worker_->settled(last);
}
void BrokerLink::resume() {
  worker_->resume();
}
void BrokerLink::stop_reading() {
  worker_->stop_reading();
}
void BrokerLink::skip_retained(bool skip) {
  worker_->skip_retained(skip);
}
void BrokerLink::close() {
  worker_->close();
}
Instant BrokerLink::last_message() const {
  return Instant(Instant::duration(worker_->context().last_message.load()));
}
BrokerLinkCounts BrokerLink::counts() const {
  const LinkTotals& totals = worker_->context().totals;
  return {.messages = totals.messages,
          .oversize = totals.oversize,
          .retained_skipped = totals.retained_skipped,
          .turns = worker_->turns()};
}

}  // namespace sluice
