// Brings requests to where they can be delivered: with credentials, by way of proxies and
// redirects, to the first of several URLs that takes them.
#pragma once

#include "core/clock.h"
#include "core/result.h"
#include "core/transport.h"
#include "uplink/answers.h"
#include "uplink/http_head.h"
#include "uplink/http_transport.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace sluice {

// What is to be delivered. The head differs from URL to URL, but not from attempt to attempt.
struct HttpParcel {
  std::function<std::string(const HttpHead&)> head;
  std::shared_ptr<const std::string> body;
};

// Keeps one connection alive. Threads: the io_context's; figures(): any.
class HttpCourier {
 public:
  using Judge = std::function<Answer(const HttpReply&)>;

  // Rejects options that cannot work. `io` and `clock` outlive it.
  static Result<std::unique_ptr<HttpCourier>> make(boost::asio::io_context& io,
                                                   HttpTransportOptions options,
                                                   SenderIdentity identity, Judge judge,
                                                   const Clock& clock);
  ~HttpCourier();  // drops a pending handler without calling it
  HttpCourier(const HttpCourier&) = delete;
  HttpCourier& operator=(const HttpCourier&) = delete;

  // One parcel at a time. Never calls `then` before it has returned. The answer is the judge's
  // where there was a reply; otherwise Retry or Misconfigured, with the reason.
  void carry(HttpParcel parcel, AnswerHandler then);

  // Gives up what is under way: the pending handler is called soon, with Retry.
  void cancel();

  [[nodiscard]] TransportFigures figures() const;

 private:
  class Work;
  explicit HttpCourier(std::unique_ptr<Work> work);
  std::unique_ptr<Work> work_;
};

}  // namespace sluice
