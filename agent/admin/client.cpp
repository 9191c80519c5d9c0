#include "admin/client.h"

#include "admin/endpoint.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <simdjson.h>

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace sluice {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

http::verb verb_of(AdminMethod method) {
  switch (method) {
    case AdminMethod::Get:
      return http::verb::get;
    case AdminMethod::Post:
      return http::verb::post;
    case AdminMethod::Delete:
      return http::verb::delete_;
  }
  return http::verb::get;
}

// The inverse of what the server does with the reactions of its handlers.
Reaction reaction_to(unsigned status) {
  if (status >= 500) {
    return status == 503 ? Reaction::Retry : Reaction::Fatal;
  }
  return Reaction::Reject;
}

}  // namespace

std::string error_words(const std::string& answer, unsigned status) {
  simdjson::dom::parser parser;
  std::string_view words;
  if (parser.parse(answer)["error"].get(words) == simdjson::SUCCESS) {
    return std::string(words);
  }
  return "the agent answers with status " + std::to_string(status);
}

class AdminClient::Conversation {
 public:
  Conversation(int descriptor, std::chrono::milliseconds patience)
      : stream_(io_), patience_(patience) {
    stream_.socket().assign(boost::asio::local::stream_protocol(), descriptor);
  }

  Status ask(AdminMethod method, const std::string& target, const AdminReceiver& take) {
    http::request<http::empty_body> request(verb_of(method), target, 11);
    request.set(http::field::host, "localhost");
    request.prepare_payload();
    const error_code sent = finish([&](auto done) { http::async_write(stream_, request, done); });
    if (sent) {
      return broken(sent);
    }
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    const error_code answered =
        finish([&](auto done) { http::async_read_header(stream_, input_, parser, done); });
    if (answered) {
      return broken(answered);
    }
    const unsigned status = parser.get().result_int();
    if (status == 200) {
      return receive(parser, take);
    }
    std::string words;
    const Status received = receive(parser, [&words](std::string_view piece) -> Status {
      constexpr std::size_t kMost = 64UL * 1024;
      words += piece.substr(0, kMost - std::min(kMost, words.size()));
      return {};
    });
    return received ? Error{reaction_to(status), error_words(words, status)} : received;
  }

 private:
  template <class Parser>
  Status receive(Parser& parser, const AdminReceiver& take) {
    while (!parser.is_done()) {
      parser.get().body() = {.data = piece_.data(), .size = piece_.size(), .more = true};
      error_code failed =
          finish([&](auto done) { http::async_read_some(stream_, input_, parser, done); });
      if (failed == http::error::need_buffer) {
        failed = {};
      }
      if (failed) {
        return broken(failed);
      }
      const std::size_t size = piece_.size() - parser.get().body().size;
      if (Status taken = size > 0 ? take({piece_.data(), size}) : Status{}; !taken) {
        return taken;
      }
    }
    return {};
  }

  // Runs one operation to its end, which the deadline brings about at the latest.
  template <class Operation>
  error_code finish(Operation operation) {
    error_code outcome;
    stream_.expires_after(patience_);
    operation([&outcome](error_code failed, std::size_t) { outcome = failed; });
    io_.restart();
    io_.run();
    return outcome;
  }

  static Error broken(error_code failed) {
    if (failed == beast::error::timeout) {
      return {Reaction::Retry, "the agent does not answer; see its log, or try again"};
    }
    return {Reaction::Retry, "the agent has broken off its answer (" + failed.message() +
                                 "); see its log, and try again"};
  }

  boost::asio::io_context io_{1};
  beast::basic_stream<boost::asio::local::stream_protocol> stream_;
  std::chrono::milliseconds patience_;
  beast::flat_buffer input_;
  std::array<char, 64UL * 1024> piece_{};
};

Result<AdminClient> AdminClient::connect(const std::string& socket_path,
                                         std::chrono::milliseconds patience) {
  const Result<int> connected = connect_unix(socket_path);
  if (!connected) {
    return connected.error();
  }
  return AdminClient(std::make_unique<Conversation>(*connected, patience));
}

AdminClient::AdminClient(std::unique_ptr<Conversation> conversation)
    : conversation_(std::move(conversation)) {
}
AdminClient::~AdminClient() = default;
AdminClient::AdminClient(AdminClient&& other) noexcept = default;
AdminClient& AdminClient::operator=(AdminClient&& other) noexcept = default;

Status AdminClient::ask(AdminMethod method, const std::string& target, const AdminReceiver& take) {
  return conversation_->ask(method, target, take);
}

}  // namespace sluice
