#include "uplink/http_credentials.h"

#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

std::string base64(const std::string& text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL adds a NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

bool has_control(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

Error unusable(const std::string& what) {
  return {Reaction::Reject, what};
}

Status check(const HttpAuth& auth) {
  const bool bearer = !auth.bearer.empty() || !auth.bearer_file.empty();
  const bool basic = !auth.username.empty() || !auth.password_file.empty();
  if (int{bearer} + int{basic} + int{!auth.oauth2.client_id.empty()} > 1) {
    return unusable("auth: set one of bearer, basic and oauth2, not several");
  }
  if (!auth.bearer.empty() && !auth.bearer_file.empty()) {
    return unusable("auth: set either bearer or bearer_file, not both");
  }
  if (!auth.password.empty() && !auth.password_file.empty()) {
    return unusable("auth: set either password or password_file, not both");
  }
  if (has_control(auth.bearer)) {
    return unusable("auth.bearer contains a line break or another control character");
  }
  if (basic && (auth.username.empty() || auth.username.find(':') != std::string::npos)) {
    return unusable("auth.username must not be empty, nor contain a colon");
  }
  return {};
}

}  // namespace

std::string basic_credentials(const std::string& user, const std::string& password) {
  return "Basic " + base64(user + ':' + password);
}

Result<HttpCredentials> HttpCredentials::make(const HttpAuth& auth,
                                              std::unique_ptr<OAuth2Tokens> tokens) {
  if (Status usable = check(auth); !usable) {
    return usable.error();
  }
  HttpCredentials credentials;
  if (!auth.oauth2.client_id.empty()) {
    credentials.tokens_ = std::move(tokens);
  } else if (!auth.bearer.empty()) {
    credentials.fixed_ = "Bearer " + auth.bearer;
  } else if (!auth.bearer_file.empty()) {
    credentials.file_.emplace(auth.bearer_file);
  } else if (!auth.password_file.empty()) {
    credentials.file_.emplace(auth.password_file);
    credentials.username_ = auth.username;
  } else if (!auth.username.empty()) {
    credentials.fixed_ = basic_credentials(auth.username, auth.password);
  }
  return credentials;
}

void HttpCredentials::get(std::function<void(const Result<std::string>&)> then) {
  if (tokens_) {
    tokens_->get([then = std::move(then)](const Result<std::string>& token) {
      then(token ? Result<std::string>("Bearer " + *token) : token);
    });
    return;
  }
  then(file_ ? from_file() : Result<std::string>(fixed_));
}

Result<std::string> HttpCredentials::from_file() {
  const bool had_one = !file_->value().empty();
  if (file_->refresh() && had_one) {
    if (file_->trouble().empty()) {
      spdlog::default_logger()->info("the secret was read again file={}", file_->path());
    } else {
      spdlog::default_logger()->warn("the secret cannot be read again, the earlier one stays: {}",
                                     file_->trouble());
    }
  }
  if (file_->value().empty()) {
    return Error{Reaction::Reject, file_->trouble()};
  }
  return username_.empty() ? "Bearer " + file_->value()
                           : basic_credentials(username_, file_->value());
}

bool HttpCredentials::refused(const std::string& value) {
  return tokens_ && tokens_->refused(value.substr(value.find(' ') + 1));
}

void HttpCredentials::cancel() {
  if (tokens_) {
    tokens_->cancel();
  }
}

}  // namespace sluice
