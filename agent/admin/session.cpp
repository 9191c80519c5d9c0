#include "admin/session.h"

#include "admin/admission.h"
#include "admin/peer.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

using PlainStream = beast::basic_stream<asio::generic::stream_protocol>;
using TlsStream = asio::ssl::stream<PlainStream>;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

unsigned status_of(const error_code& error) {
  if (error == http::error::header_limit) {
    return 431;
  }
  return error == http::error::body_limit ? 413 : 400;
}

template <class Stream>
class Session final : public std::enable_shared_from_this<Session<Stream>> {
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

 public:
  template <class... Context>
  Session(AdminSocket socket, AdminDoor door, const AdminService& service, ConnectionSlot slot,
          Context&... context)
      : slot_(std::move(slot)),
        stream_(std::move(socket), context...),
        door_(door),
        service_(service),
        patience_(lowest().get_executor()) {}

  void start() {
    if constexpr (kTls) {
      allow(service_.limits.request);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code failed) {
                                if (!failed) {
                                  self->read_header();
                                }
                              });
    } else {
      read_header();
    }
  }

 private:
  PlainStream& lowest() { return beast::get_lowest_layer(stream_); }
  void allow(std::chrono::milliseconds time) { lowest().expires_after(time); }

  // ---- the request

  // One deadline for all of it: a client that sends a byte now and then gains nothing.
  void read_header() {
    parser_.emplace();
    parser_->header_limit(service_.limits.header_bytes);
    parser_->body_limit(service_.limits.body_bytes);
    allow(service_.limits.request);
    http::async_read_header(stream_, input_, *parser_,
                            [self = this->shared_from_this()](error_code failed, std::size_t) {
                              self->header_read(failed);
                            });
  }

  void header_read(error_code failed) {
    admission_ = {};
    body_.reset();
    if (failed) {
      keep_ = false;
      return refuse_unreadable(failed);
    }
    const auto& header = parser_->get();
    keep_ = header.keep_alive();
    old_ = header.version() < 11;
    head_ = header.method() == http::verb::head;
    admission_ = admit(header, door_, service_.routes, service_.gate);
    if (admission_.refusal) {
      keep_ = keep_ && parser_->is_done();  // otherwise what follows is the body, not a request
      return answer(*std::exchange(admission_.refusal, std::nullopt));
    }
    if (parser_->is_done()) {
      return handle();
    }
    if (view(header[http::field::expect]) == "100-continue") {
      return invite_body();
    }
    read_body();
  }

  void invite_body() {
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = this->shared_from_this()](error_code failed, std::size_t) {
                        if (!failed) {
                          self->read_body();
                        }
                      });
  }

  void read_body() {
    http::async_read(stream_, input_, *parser_,
                     [self = this->shared_from_this()](error_code failed, std::size_t) {
                       if (failed) {
                         self->keep_ = false;
                         return self->refuse_unreadable(failed);
                       }
                       self->handle();
                     });
  }

  // Words only for what has been understood to be wrong. A connection that ended or took too long
  // just ends.
  void refuse_unreadable(error_code failed) {
    static const error_code parser_error = http::error::bad_version;
    if (failed.category() != parser_error.category() || failed == http::error::end_of_stream ||
        failed == http::error::partial_message) {
      return;
    }
    answer(admin_error(status_of(failed), "the request cannot be read: " + failed.message()));
  }

  // ---- the answer

  void handle() {
    admission_.request.body = std::move(parser_->get().body());
    answer(admission_.route->handler(admission_.request));
  }

  void answer(AdminResponse response) {
    response_ = {static_cast<http::status>(response.status), old_ ? 10U : 11U};
    response_.set(http::field::content_type, response.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    response_.set("Content-Security-Policy", response.content_security_policy);
    response_.set("Referrer-Policy", "no-referrer");
    if (response.status == 401) {
      response_.set(http::field::www_authenticate, "Bearer");
    }
    if (response.status == 405) {
      response_.set(http::field::allow, admission_.allow);
    }
    if (response.body != nullptr) {
      body_ = std::move(response.body);
      return ask_for_piece();
    }
    send_whole(std::move(response.text));
  }

  void send_whole(std::string text) {
    audit();
    response_.keep_alive(keep_);
    response_.content_length(text.size());
    if (!head_) {
      response_.body() = std::move(text);
    }
    serializer_.emplace(response_);
    allow(service_.limits.write);
    const auto sent = [self = this->shared_from_this()](error_code failed, std::size_t) {
      self->finished(failed);
    };
    if (head_) {
      serializer_->split(true);
      http::async_write_header(stream_, *serializer_, sent);
    } else {
      http::async_write(stream_, *serializer_, sent);
    }
  }

  // Whoever makes the piece knows the session only weakly: it may outlive it, on another thread.
  // The timer keeps the session meanwhile.
  void ask_for_piece() {
    const std::uint64_t turn = ++turn_;
    patience_.expires_after(service_.limits.answer);
    patience_.async_wait([self = this->shared_from_this(), turn](error_code canceled) {
      if (!canceled) {
        self->piece_made(turn, Error{Reaction::Retry,
                                     "this takes too long: the store is busy or "
                                     "its disk hangs; try again"});
      }
    });
    body_->next(
        [weak = this->weak_from_this(), mailbox = service_.mailbox, turn](AdminChunk piece) {
          mailbox->post([weak, turn, piece = std::move(piece)]() mutable {
            if (auto self = weak.lock()) {
              self->piece_made(turn, std::move(piece));
            }
          });
        });
  }

  void piece_made(std::uint64_t turn, AdminChunk piece) {
    if (turn != turn_) {
      return;
    }
    ++turn_;
    patience_.cancel();
    if (piece) {
      return send_piece(*std::move(piece));
    }
    if (begun_) {
      return break_off(piece.error());
    }
    body_.reset();
    answer(admin_error(piece.error()));
  }

  void send_piece(std::optional<std::string> piece) {
    allow(service_.limits.write);
    if (!begun_) {
      return send_header(std::move(piece));
    }
    last_ = !piece.has_value();
    piece_ = std::move(piece).value_or("");
    if (old_) {
      return last_ ? finished({}) : write(asio::buffer(piece_));
    }
    if (last_) {
      return write(http::make_chunk_last());
    }
    piece_.empty() ? ask_for_piece() : write(http::make_chunk(asio::buffer(piece_)));
  }

  void send_header(std::optional<std::string> piece) {
    audit();
    begun_ = true;
    keep_ = keep_ && !old_;
    response_.keep_alive(keep_);
    response_.chunked(!old_);
    serializer_.emplace(response_);
    serializer_->split(true);
    http::async_write_header(stream_, *serializer_,
                             [self = this->shared_from_this(), piece = std::move(piece)](
                                 error_code failed, std::size_t) mutable {
                               if (failed || self->head_) {
                                 return self->finished(failed);
                               }
                               self->send_piece(std::move(piece));
                             });
  }

  template <class Buffers>
  void write(const Buffers& buffers) {
    asio::async_write(stream_, buffers,
                      [self = this->shared_from_this()](error_code failed, std::size_t) {
                        if (failed || self->last_) {
                          return self->finished(failed);
                        }
                        self->ask_for_piece();
                      });
  }

  // ---- the end

  void finished(error_code failed) {
    serializer_.reset();
    body_.reset();
    begun_ = false;
    last_ = false;
    if (failed) {
      return;
    }
    if (keep_) {
      return read_header();
    }
    close();
  }

  // The last chunk is missing, so the client knows.
  void break_off(const Error& error) {
    spdlog::warn("answer on the admin endpoint broken off path={}: {}", admission_.request.path,
                 error.message);
    body_.reset();
    close();
  }

  void close() {
    allow(kFarewell);
    if constexpr (kTls) {
      stream_.async_shutdown([self = this->shared_from_this()](error_code) {});
    } else {
      error_code ignored;  // the connection is given up in any case
      lowest().socket().shutdown(asio::socket_base::shutdown_send, ignored);
      drain();
    }
  }

  // Closing with unread bytes would destroy the answer on its way.
  void drain() {
    lowest().async_read_some(asio::buffer(rest_),
                             [self = this->shared_from_this()](error_code ended, std::size_t size) {
                               self->drained_ += size;
                               if (!ended && self->drained_ < kMostDrained) {
                                 self->drain();
                               }
                             });
  }

  // Once for every request that wants to change something, whatever becomes of it.
  void audit() {
    if (!parser_->is_header_done() || !is_to_be_audited(parser_->get())) {
      return;
    }
    const auto& header = parser_->get();
    spdlog::info("audit request={} target={} from={} status={}",
                 loggable(view(header.method_string())), loggable(view(header.target())),
                 peer_of(lowest().socket().native_handle()), response_.result_int());
  }

  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  static constexpr std::chrono::seconds kFarewell{2};
  static constexpr std::size_t kMostDrained = 256UL * 1024;

  ConnectionSlot slot_;
  Stream stream_;
  AdminDoor door_;
  const AdminService& service_;
  beast::flat_buffer input_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Admission admission_;
  bool keep_ = false;
  bool old_ = false;   // HTTP/1.0: no chunks
  bool head_ = false;  // the header only

  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::unique_ptr<AdminBody> body_;
  std::string piece_;
  bool begun_ = false;  // the header of an answer in pieces has been sent
  bool last_ = false;
  std::uint64_t turn_ = 0;
  asio::steady_timer patience_;
  std::array<char, 4096> rest_{};
  std::size_t drained_ = 0;
};

}  // namespace

void serve_plain(AdminSocket socket, AdminDoor door, const AdminService& service,
                 ConnectionSlot slot) {
  std::make_shared<Session<PlainStream>>(std::move(socket), door, service, std::move(slot))
      ->start();
}

void serve_tls(AdminSocket socket, const std::shared_ptr<asio::ssl::context>& context,
               AdminDoor door, const AdminService& service, ConnectionSlot slot) {
  // A stream keeps what it needs of the context alive by itself (SSL_CTX counts its users).
  std::make_shared<Session<TlsStream>>(std::move(socket), door, service, std::move(slot), *context)
      ->start();
}

}  // namespace sluice
