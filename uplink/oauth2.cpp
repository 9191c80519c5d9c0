#include "uplink/oauth2.h"

#include "uplink/http_credentials.h"

#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

using std::chrono::seconds;

constexpr seconds kUsualLifetime = std::chrono::hours(1);
constexpr seconds kLongestLifetime = std::chrono::hours(24 * 365);
constexpr seconds kPauseAfterFailure{30};
constexpr std::size_t kMostWords = 200;

// application/x-www-form-urlencoded, as RFC 6749 wants names and secrets, too.
std::string form_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._*";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       kPlain.find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      encoded += c;
    } else if (c == ' ') {
      encoded += '+';
    } else {
      encoded += {'%', kDigits[byte / 16], kDigits[byte % 16]};
    }
  }
  return encoded;
}

// A member of the JSON object; empty if there is none, or if it is not a string.
std::string text_of(const simdjson::dom::element& object, std::string_view name) {
  std::string_view value;
  return object[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

// A number, or a number in quotes, which some servers write.
seconds lifetime_of(const simdjson::dom::element& object) {
  constexpr std::string_view kName = "expires_in";
  std::int64_t number = kUsualLifetime.count();
  double real = 0;
  if (object[kName].get(number) == simdjson::SUCCESS) {
    return std::clamp(seconds(number), seconds(0), kLongestLifetime);
  }
  if (object[kName].get(real) == simdjson::SUCCESS) {
    const auto most = static_cast<double>(kLongestLifetime.count());
    return seconds(static_cast<std::int64_t>(std::clamp(real, 0.0, most)));
  }
  const std::string text = text_of(object, kName);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  return std::clamp(is_number ? seconds(number) : kUsualLifetime, seconds(0), kLongestLifetime);
}

bool is_bearer(std::string_view type) {
  constexpr std::string_view kBearer = "bearer";
  return type.empty() || std::ranges::equal(type, kBearer, [](unsigned char a, char b) {
           return std::tolower(a) == b;
         });
}

bool can_be_sent(std::string_view token) {
  return !token.empty() &&
         std::ranges::all_of(token, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

// Fit for a log line.
std::string words(std::string text, const std::string& secret) {
  if (!secret.empty() && text.find(secret) != std::string::npos) {
    return "(words that repeat the secret)";
  }
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return text.substr(0, kMostWords);
}

// "invalid_client: no such client", as far as the server says so (RFC 6749, section 5.2).
std::string error_words(const std::string& json, const std::string& secret) {
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  if (parser.parse(json).get(answer) != simdjson::SUCCESS) {
    return {};
  }
  const std::string error = words(text_of(answer, "error"), secret);
  const std::string description = words(text_of(answer, "error_description"), secret);
  return (error.empty() ? "" : ' ' + error) + (description.empty() ? "" : ": " + description);
}

bool is_temporary(unsigned status) {
  const Verdict verdict = verdict_of(status);
  return verdict == Verdict::Retry || verdict == Verdict::Throttled;
}

}  // namespace

Result<AccessToken> parse_access_token(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  if (parser.parse(json).get(answer) != simdjson::SUCCESS || !answer.is_object()) {
    return Error{Reaction::Reject, "its answer is not a JSON object"};
  }
  AccessToken token{.text = text_of(answer, "access_token"), .lifetime = lifetime_of(answer)};
  if (!is_bearer(text_of(answer, "token_type"))) {
    return Error{Reaction::Reject, "its token is not of the type Bearer"};
  }
  if (!can_be_sent(token.text)) {
    return Error{Reaction::Reject, "its answer holds no usable access_token"};
  }
  return token;
}

Result<std::unique_ptr<OAuth2Tokens>> OAuth2Tokens::make(boost::asio::io_context& io,
                                                         OAuth2Options options,
                                                         Destination destination,
                                                         const Clock& clock) {
  if (options.token_url.scheme != "http" && options.token_url.scheme != "https") {
    return Error{Reaction::Reject, "auth.oauth2.token_url needs https:// or http://"};
  }
  if (!options.client_secret.empty() && !options.client_secret_file.empty()) {
    return Error{Reaction::Reject,
                 "auth.oauth2: set either client_secret or client_secret_file, not both"};
  }
  return std::unique_ptr<OAuth2Tokens>(
      new OAuth2Tokens(io, std::move(options), std::move(destination), clock));
}

OAuth2Tokens::OAuth2Tokens(boost::asio::io_context& io, OAuth2Options options,
                           Destination destination, const Clock& clock)
    : io_(io), options_(std::move(options)), destination_(std::move(destination)), clock_(clock) {
  if (!options_.client_secret_file.empty()) {
    secret_file_.emplace(options_.client_secret_file);
  }
}

bool OAuth2Tokens::valid() const {
  return !token_.empty() && clock_.elapsed() < expires_;
}

void OAuth2Tokens::get(Handler then) {
  assert(!waiting_ && "one at a time");
  if (!valid()) {
    waiting_ = std::move(then);
    fetch();
    return;
  }
  if (clock_.elapsed() >= renew_) {
    fetch();
  }
  then(std::string(token_));
}

bool OAuth2Tokens::refused(const std::string& token) {
  if (token == token_) {
    token_.clear();
  }
  return true;
}

void OAuth2Tokens::cancel() {
  waiting_ = nullptr;
  connection_.reset();
}

void OAuth2Tokens::fetch() {
  if (connection_) {
    return;
  }
  const auto destination = destination_();
  if (!destination) {
    answer(destination.error());
    return;
  }
  auto asked = request(**destination);
  if (!asked) {
    answer(asked.error());
    return;
  }
  connection_ = std::make_unique<HttpConnection>(io_, *destination);
  connection_->exchange(*std::move(asked),
                        [this](const Result<HttpReply>& reply) { fetched(reply); });
}

Result<std::string> OAuth2Tokens::secret() {
  if (!secret_file_) {
    return options_.client_secret;
  }
  const bool had_one = !secret_file_->value().empty();
  if (secret_file_->refresh() && had_one && !secret_file_->trouble().empty()) {
    spdlog::default_logger()->warn("the secret cannot be read again, the earlier one stays: {}",
                                   secret_file_->trouble());
  }
  if (secret_file_->value().empty()) {
    return Error{Reaction::Reject, secret_file_->trouble()};
  }
  return secret_file_->value();
}

Result<std::shared_ptr<const HttpRequest>> OAuth2Tokens::request(
    const HttpDestination& destination) {
  const auto password = secret();
  if (!password) {
    return password.error();
  }
  const std::string id = form_encoded(options_.client_id);
  const std::string encoded = form_encoded(*password);
  std::string body = "grant_type=client_credentials";
  if (!options_.scope.empty()) {
    body += "&scope=" + form_encoded(options_.scope);
  }
  if (options_.credentials_in_body) {
    body += "&client_id=" + id + "&client_secret=" + encoded;
  }
  const Url& url = destination.url;
  std::string head = "POST " + destination.target() + " HTTP/1.1\r\nHost: " + url.authority() +
                     "\r\nUser-Agent: sluice\r\nAccept: application/json"
                     "\r\nContent-Type: application/x-www-form-urlencoded";
  if (!options_.credentials_in_body) {
    head += "\r\nAuthorization: " + basic_credentials(id, encoded);
  }
  if (const std::string proof = destination.proxy_authorization(); !proof.empty()) {
    head += "\r\nProxy-Authorization: " + proof;
  }
  head += "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return std::make_shared<const HttpRequest>(
      HttpRequest{std::move(head), std::make_shared<const std::string>(std::move(body))});
}

void OAuth2Tokens::fetched(const Result<HttpReply>& reply) {
  connection_.reset();
  const std::string from = "cannot get a token from " + options_.token_url.authority() + ": ";
  if (!reply) {
    const bool never = reply.error().reaction == Reaction::Reject;
    answer(Error{never ? Reaction::Reject : Reaction::Retry, from + reply.error().message});
    return;
  }
  if (verdict_of(reply->status) != Verdict::Confirmed) {
    answer(refusal(*reply));
    return;
  }
  auto token = parse_access_token(reply->content);
  if (!token) {
    answer(Error{token.error().reaction, from + token.error().message});
    return;
  }
  keep(*std::move(token));
}

// The body is not repeated: it may be anything, and what it says of use is in two of its members.
Error OAuth2Tokens::refusal(const HttpReply& reply) const {
  const std::string& secret = secret_file_ ? secret_file_->value() : options_.client_secret;
  return {is_temporary(reply.status) ? Reaction::Retry : Reaction::Reject,
          "cannot get a token from " + options_.token_url.authority() + ": it answers " +
              std::to_string(reply.status) + error_words(reply.content, secret)};
}

void OAuth2Tokens::keep(AccessToken token) {
  constexpr int kRenewAtPercent = 80;
  const Instant now = clock_.elapsed();
  token_ = std::move(token.text);
  expires_ = now + token.lifetime;
  renew_ = now + token.lifetime * kRenewAtPercent / 100;
  answer(std::string(token_));
}

void OAuth2Tokens::answer(const Result<std::string>& token) {
  if (!token) {
    renew_ = clock_.elapsed() + kPauseAfterFailure;
  }
  if (const Handler then = std::exchange(waiting_, nullptr)) {
    then(token);
  }
}

}  // namespace sluice
