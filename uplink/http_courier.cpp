#include "uplink/http_courier.h"

#include "uplink/http_channel.h"
#include "uplink/http_connection.h"
#include "uplink/http_credentials.h"
#include "uplink/http_redirect.h"
#include "uplink/http_routes.h"
#include "uplink/http_stop.h"
#include "uplink/oauth2.h"
#include "uplink/url_choice.h"

#include <boost/asio/post.hpp>

#include <atomic>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace {

using Trust = HttpRoutes::Trust;

constexpr int kMostRedirects = 5;
constexpr unsigned kUnauthorized = 401;
constexpr std::size_t kMostTokenBytes = 64UL * 1024;
// A kept connection outlives its certificates by no more than this.
constexpr std::chrono::seconds kLookAtCertificates{10};

// A connection, and to what.
struct Leg {
  std::shared_ptr<const HttpDestination> destination;
  std::unique_ptr<HttpConnection> connection;
};

// Servers that repeat the request in their error page are not rare.
void conceal(std::string& text, std::string_view authorization) {
  constexpr std::size_t kShortest = 4;
  constexpr std::string_view kInstead = "***";
  const std::string_view secret = authorization.substr(authorization.find(' ') + 1);
  if (secret.size() < kShortest) {
    return;
  }
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), kInstead);
    at += kInstead.size();
  }
}

Answer answer_for(const Error& error) {
  Answer answer;
  answer.verdict = error.reaction == Reaction::Reject ? Verdict::Misconfigured : Verdict::Retry;
  answer.detail = error.message;
  return answer;
}

std::optional<Timestamp> moment(std::int64_t milliseconds) {
  return milliseconds == 0 ? std::nullopt
                           : std::optional(Timestamp(std::chrono::milliseconds(milliseconds)));
}

}  // namespace

class HttpCourier::Work {
 public:
  Work(boost::asio::io_context& io, HttpTransportOptions options, SenderIdentity identity,
       Judge judge, const Clock& clock)
      : io_(io),
        clock_(clock),
        options_(std::move(options)),
        identity_(std::move(identity)),
        judge_(std::move(judge)),
        has_own_header_(sets_authorization(options_)),
        routes_(options_, proxy_environment()) {}

  Status prepare() {
    std::vector<Url> urls{options_.url};
    urls.insert(urls.end(), options_.fallback_urls.begin(), options_.fallback_urls.end());
    std::vector<std::string> names;
    for (const Url& url : urls) {
      auto stop = make_stop(url, Trust::Own, options_, identity_, routes_);
      if (!stop) {
        return stop.error();
      }
      names.push_back(name_of(url));
      stops_.push_back(*std::move(stop));
    }
    choice_.emplace(
        std::move(names), options_.failback_after, [this] { return channel_to_first(); }, clock_);
    note_certificates();
    return prepare_credentials();
  }

  void carry(HttpParcel parcel, AnswerHandler then) {
    parcel_ = std::move(parcel);
    sent_before_ = sent();
    then_ = std::move(then);
    if (clock_.elapsed() - looked_ >= kLookAtCertificates) {
      routes_.refresh();
      note_certificates();
    }
    choice_->begin();
    set_out();
  }

  void cancel() {
    leg_ = {};
    strange_leg_ = {};
    credentials_->cancel();
    choice_->cancel();
    if (then_) {
      finish_later({.verdict = Verdict::Retry, .retry_after = {}, .detail = "given up"});
    }
  }

  [[nodiscard]] TransportFigures figures() const {
    return {.url = choice_->name(),
            .connects = meter_->connects,
            .failovers = choice_->changes(),
            .sent_bytes = sent(),
            .certificate_expires = moment(own_expires_ms_),
            .server_certificate_expires = moment(meter_->server_expires_ms)};
  }

 private:
  Status prepare_credentials() {
    std::unique_ptr<OAuth2Tokens> tokens;
    if (const OAuth2Options& oauth2 = options_.auth.oauth2; !oauth2.client_id.empty()) {
      auto made = OAuth2Tokens::make(
          io_, oauth2, [this] { return token_server(); }, clock_);
      if (!made) {
        return made.error();
      }
      if (const auto way = token_server(); !way) {
        return way.error();
      }
      tokens = *std::move(made);
    }
    auto credentials = HttpCredentials::make(options_.auth, std::move(tokens));
    if (!credentials) {
      return credentials.error();
    }
    credentials_.emplace(*std::move(credentials));
    return {};
  }

  Result<std::shared_ptr<const HttpDestination>> token_server() {
    auto destination = routes_.to(options_.auth.oauth2.token_url, Trust::Other, token_meter_);
    if (!destination) {
      return destination;
    }
    auto roomy = std::make_shared<HttpDestination>(**destination);
    roomy->kept_body_bytes = kMostTokenBytes;
    return std::shared_ptr<const HttpDestination>(std::move(roomy));
  }

  std::shared_ptr<HttpChannel> channel_to_first() {
    const auto destination = routes_.to(stops_.front().url, Trust::Own, meter_);
    return destination ? std::make_shared<HttpChannel>(io_, *destination) : nullptr;
  }

  [[nodiscard]] std::uint64_t sent() const { return meter_->sent_bytes + token_meter_->sent_bytes; }

  void note_certificates() {
    looked_ = clock_.elapsed();
    const auto expiry = routes_.certificate_expiry();
    own_expires_ms_ = expiry ? expiry->time_since_epoch().count() : 0;
  }

  [[nodiscard]] const HttpStop& stop() const {
    return detour_ ? *detour_ : stops_[choice_->index()];
  }

  // From the beginning, to stop().
  void set_out() {
    detour_.reset();
    redirects_ = 0;
    renewed_ = false;
    take_credentials();
  }

  void take_credentials() {
    authorization_.clear();
    if (stop().trust == Trust::Stranger || has_own_header_) {
      transmit();
      return;
    }
    if (credentials_->none()) {
      authorization_ = stop().authorization;
      transmit();
      return;
    }
    credentials_->get([this](const Result<std::string>& value) {
      if (!value) {
        finish_later(answer_for(value.error()));
        return;
      }
      authorization_ = *value;
      transmit();
    });
  }

  void transmit() {
    Leg& leg = stop().trust == Trust::Stranger ? strange_leg_ : leg_;
    const bool kept = leg.connection && same_origin(leg.destination->url, stop().url) &&
                      routes_.is_current(*leg.destination) && leg.connection->reusable();
    if (!kept && !connect(leg)) {
      return;
    }
    std::string head = parcel_.head(stop().head);
    if (!authorization_.empty()) {
      HttpHead::add(head, "Authorization", authorization_);
    }
    if (const std::string proof = leg.destination->proxy_authorization(); !proof.empty()) {
      HttpHead::add(head, "Proxy-Authorization", proof);
    }
    request_ = std::make_shared<const HttpRequest>(HttpRequest{std::move(head), parcel_.body});
    exchange(leg, kept);
  }

  // False: that cannot even be tried, and the parcel has its answer.
  bool connect(Leg& leg) {
    auto destination = routes_.to(stop().url, stop().trust, meter_);
    note_certificates();
    if (!destination) {
      leg = {};
      finish_later(answer_for(destination.error()));
      return false;
    }
    leg.destination = *std::move(destination);
    leg.connection = std::make_unique<HttpConnection>(io_, leg.destination);
    return true;
  }

  void exchange(Leg& leg, bool used_before) {
    leg.connection->exchange(request_, [this, &leg, used_before](const Result<HttpReply>& reply) {
      replied(leg, used_before, reply);
    });
  }

  // That a server closes an idle connection is no failure: the request, which has a key, is sent
  // once more at once, over a new one.
  void replied(Leg& leg, bool used_before, const Result<HttpReply>& reply) {
    if (reply) {
      replied(*reply);
      return;
    }
    if (reply.error().reaction == Reaction::Closed && used_before) {
      if (connect(leg)) {
        exchange(leg, false);
      }
      return;
    }
    leg.connection.reset();
    conclude(answer_for(reply.error()));
  }

  void replied(const HttpReply& reply) {
    const bool refused = reply.status == kUnauthorized && !authorization_.empty();
    if (refused && !renewed_ && credentials_->refused(authorization_)) {
      renewed_ = true;
      take_credentials();
    } else if (options_.follow_redirects && is_redirect(reply.status)) {
      follow(reply);
    } else {
      conclude(judge_(reply));
    }
  }

  void follow(const HttpReply& reply) {
    if (++redirects_ > kMostRedirects) {
      conclude(
          answer_for({Reaction::Reject, "more than " + std::to_string(kMostRedirects) +
                                            " redirects, the last one by " + name_of(stop().url)}));
      return;
    }
    const auto url = redirect_target(stop().url, reply.location);
    if (!url) {
      conclude(answer_for(url.error()));
      return;
    }
    const HttpStop& configured = stops_[choice_->index()];
    const Trust trust = same_origin(*url, configured.url) ? Trust::Own : Trust::Stranger;
    auto next = make_stop(*url, trust, options_, identity_, routes_);
    if (!next) {
      conclude(answer_for(next.error()));
      return;
    }
    next->authorization = trust == Trust::Own ? configured.authorization : "";
    detour_.emplace(*std::move(next));
    take_credentials();
  }

  void conclude(Answer answer) {
    if (!choice_->settle(answer)) {
      set_out();
      return;
    }
    if (answer.verdict != Verdict::Confirmed) {
      conceal(answer.detail, authorization_);
      conceal(answer.words, authorization_);
    }
    answer.sent_bytes = sent() - sent_before_;
    forget_parcel();
    std::exchange(then_, nullptr)(std::move(answer));
  }

  // Of what has not been on its way, so that it says nothing about the URL.
  void finish_later(Answer answer) {
    forget_parcel();
    answer.sent_bytes = sent() - sent_before_;
    auto tell = [alive = std::weak_ptr<const bool>(alive_), then = std::exchange(then_, nullptr),
                 answer = std::move(answer)] {
      if (!alive.expired()) {
        then(answer);
      }
    };
    boost::asio::post(io_, std::move(tell));
  }

  void forget_parcel() {
    request_.reset();
    parcel_ = {};
    detour_.reset();
  }

  boost::asio::io_context& io_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  const Clock& clock_;
  const HttpTransportOptions options_;
  const SenderIdentity identity_;
  Judge judge_;
  const bool has_own_header_;  // Authorization is among the configured headers
  HttpRoutes routes_;
  std::vector<HttpStop> stops_;  // in the order of the URLs
  Instant looked_;               // at the certificates

  std::shared_ptr<HttpMeter> meter_ = std::make_shared<HttpMeter>();
  std::shared_ptr<HttpMeter> token_meter_ = std::make_shared<HttpMeter>();
  std::atomic<std::int64_t> own_expires_ms_ = 0;

  // Of the parcel under way.
  HttpParcel parcel_;
  AnswerHandler then_;  // set while there is one
  std::uint64_t sent_before_ = 0;
  std::shared_ptr<const HttpRequest> request_;
  std::optional<HttpStop> detour_;  // where a redirect has led
  int redirects_ = 0;
  bool renewed_ = false;  // the credentials
  std::string authorization_;

  // Their handlers use the rest.
  std::optional<HttpCredentials> credentials_;
  std::optional<UrlChoice> choice_;
  Leg leg_;
  Leg strange_leg_;
};

Result<std::unique_ptr<HttpCourier>> HttpCourier::make(boost::asio::io_context& io,
                                                       HttpTransportOptions options,
                                                       SenderIdentity identity, Judge judge,
                                                       const Clock& clock) {
  if (options.timeout.count() <= 0) {
    return Error{Reaction::Reject, "the time-out must be longer than 0"};
  }
  auto work =
      std::make_unique<Work>(io, std::move(options), std::move(identity), std::move(judge), clock);
  if (Status prepared = work->prepare(); !prepared) {
    return prepared.error();
  }
  return std::unique_ptr<HttpCourier>(new HttpCourier(std::move(work)));
}

HttpCourier::HttpCourier(std::unique_ptr<Work> work) : work_(std::move(work)) {
}

HttpCourier::~HttpCourier() = default;

void HttpCourier::carry(HttpParcel parcel, AnswerHandler then) {
  work_->carry(std::move(parcel), std::move(then));
}

void HttpCourier::cancel() {
  work_->cancel();
}

TransportFigures HttpCourier::figures() const {
  return work_->figures();
}

}  // namespace sluice
