#include "uplink/http_routes.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace sluice {

namespace {

void look_again(std::optional<TlsFiles>& files) {
  if (!files || !files->refresh()) {
    return;
  }
  if (files->trouble().empty()) {
    spdlog::default_logger()->info("certificates were loaded again cert={} ca={}",
                                   files->options().cert, files->options().ca);
  } else {
    spdlog::default_logger()->warn(
        "changed certificates cannot be used, the earlier ones stay in force: {}",
        files->trouble());
  }
}

}  // namespace

void HttpRoutes::refresh() {
  look_again(own_);
  look_again(strangers_);
}

bool HttpRoutes::is_current(const HttpDestination& destination) const {
  return !destination.tls || (own_ && destination.tls == own_->context()) ||
         (strangers_ && destination.tls == strangers_->context());
}

std::optional<Timestamp> HttpRoutes::certificate_expiry() const {
  return own_ ? own_certificate_expiry(own_->context()) : std::nullopt;
}

Result<TlsContext> HttpRoutes::context_for(Trust trust) {
  const bool has_certificate = !tls_options_.cert.empty();
  std::optional<TlsFiles>& files = trust == Trust::Stranger && has_certificate ? strangers_ : own_;
  if (!files) {
    TlsOptions options = tls_options_;
    if (&files == &strangers_) {
      options.cert.clear();
      options.key.clear();
    }
    auto opened = TlsFiles::open(std::move(options));
    if (!opened) {
      return opened.error();
    }
    files = *std::move(opened);
  }
  look_again(files);
  return files->context();
}

Result<std::shared_ptr<const HttpDestination>> HttpRoutes::to(const Url& url, Trust trust,
                                                              std::shared_ptr<HttpMeter> meter) {
  auto destination = std::make_shared<HttpDestination>();
  destination->url = url;
  destination->timeout = timeout_;
  destination->meter = std::move(meter);
  auto proxy = proxy_for(url, configured_proxy_, environment_);
  if (!proxy) {
    return proxy.error();
  }
  destination->proxy = *std::move(proxy);
  if (!url.secure()) {
    return std::shared_ptr<const HttpDestination>(std::move(destination));
  }
  auto context = context_for(trust);
  if (!context) {
    return context.error();
  }
  destination->tls = *std::move(context);
  destination->tls_options = tls_options_;
  if (trust != Trust::Own) {
    destination->tls_options.server_name.clear();
  }
  return std::shared_ptr<const HttpDestination>(std::move(destination));
}

}  // namespace sluice
