#include "tests/unit/uplink/sending.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zstd.h>

#include <array>
#include <random>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace sluice::uplink_tests {

namespace {

constexpr std::chrono::seconds kSafetyNet(30);

int connected_to(std::uint16_t port) {
  const int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(number, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(number);
    return -1;
  }
  return number;
}

// False if the other side has closed.
bool send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// False at the end.
bool copy_some(int from, int to) {
  constexpr std::size_t kChunk = 16UL * 1024;
  std::string chunk(kChunk, '\0');
  const auto got = ::recv(from, chunk.data(), chunk.size(), 0);
  if (got <= 0) {
    return false;
  }
  return send_all(to, std::string_view(chunk).substr(0, static_cast<std::size_t>(got)));
}

}  // namespace

std::string header_of(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) {
    return "";
  }
  const std::size_t start = at + name.size() + 4;
  return request.substr(start, request.find("\r\n", start) - start);
}

std::string reply_of(const std::string& status, const std::string& body,
                     const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string lines_of(std::uint64_t first, std::uint32_t count, std::size_t line_bytes) {
  std::mt19937_64 random(first);
  std::string lines;
  for (std::uint64_t seq = first; seq < first + count; ++seq) {
    std::string noise;
    while (noise.size() < line_bytes) {
      noise += std::to_string(random());
    }
    lines += R"({"seq":)" + std::to_string(seq) + R"(,"data":{"device":"d","n":)" +
             std::to_string(seq) + R"(,"noise":")" + noise + "\"}}\n";
  }
  return lines;
}

BlockPtr make_block(std::uint64_t first, std::uint32_t count, std::size_t line_bytes) {
  const std::string lines = lines_of(first, count, line_bytes);
  auto block = std::make_shared<Block>();
  block->first = Sequence(first);
  block->count = count;
  block->raw_bytes = static_cast<std::uint32_t>(lines.size());
  block->data.resize(ZSTD_compressBound(lines.size()));
  block->data.resize(
      ZSTD_compress(block->data.data(), block->data.size(), lines.data(), lines.size(), 1));
  return block;
}

BlockPtr large_block() {
  static const BlockPtr block = make_block(1, 10'000, 1000);
  return block;
}

HttpTransportOptions options_for(const std::string& url) {
  HttpTransportOptions options;
  options.url = *parse_url(url);
  return options;
}

Sender::Sender(const HttpTransportOptions& options, const Clock& clock) {
  auto transport = make_http_transport(
      io_, options,
      {.agent = "gateway-7", .epoch = 0xabc, .flows = {"telemetry"}, .flow_configs = {"5d2c"}},
      clock);
  if (!transport) {
    throw std::runtime_error(transport.error().message);
  }
  transport_ = *std::move(transport);
}

Answer Sender::send(const BlockPtr& block) {
  begin(block);
  return finish();
}

void Sender::begin(const BlockPtr& block) {
  answer_.reset();
  transport_->send({.block = block}, [this](const Answer& answer) {
    EXPECT_FALSE(answer_) << "answered twice";
    answer_ = answer;
  });
  EXPECT_FALSE(answer_) << "answered before send() has returned";
}

Answer Sender::finish() {
  const auto end = std::chrono::steady_clock::now() + kSafetyNet;
  io_.restart();
  while (!answer_ && std::chrono::steady_clock::now() < end && io_.run_one_until(end) > 0) {
  }
  EXPECT_TRUE(answer_) << "send() was never answered";
  return answer_.value_or(Answer{});
}

std::string RawServer::Connection::read(std::size_t bytes) {
  while (ahead_.size() < bytes) {
    std::array<char, 4096> chunk{};
    const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got <= 0) {
      break;
    }
    ahead_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  std::string text = ahead_.substr(0, bytes);
  ahead_.erase(0, text.size());
  return text;
}

std::string RawServer::Connection::read_head() {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string next = read(1);
    if (next.empty()) {
      return "";
    }
    head += next;
  }
  return head;
}

std::string RawServer::Connection::read_request() {
  const std::string head = read_head();
  const std::string body = header_of(head, "Content-Length");
  return body.empty() ? head : head + read(std::stoul(body));
}

bool RawServer::Connection::write(const std::string& text) const {
  return send_all(socket_, text);
}

void RawServer::Connection::relay_to(std::uint16_t port) {
  const int other = connected_to(port);
  if (other < 0) {
    return;
  }
  send_all(other, std::exchange(ahead_, {}));
  std::array<pollfd, 2> both{{{.fd = socket_, .events = POLLIN, .revents = 0},
                              {.fd = other, .events = POLLIN, .revents = 0}}};
  bool goes_on = true;
  while (goes_on && poll(both.data(), both.size(), -1) > 0) {
    goes_on = (both[0].revents == 0 || copy_some(socket_, other)) &&
              (both[1].revents == 0 || copy_some(other, socket_));
  }
  close(other);
}

void RawServer::Connection::wait_for_the_end() {
  constexpr std::size_t kChunk = 4096;
  while (read(kChunk).size() == kChunk) {
  }
}

void RawServer::Connection::reset() const {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

RawServer::RawServer(Script script, int receive_buffer) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) {
    setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 16) != 0) {
    close(listener_);
    throw std::runtime_error("cannot listen");
  }
  thread_ = std::thread([this] { run(); });
}

RawServer::~RawServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  if (const int current = current_; current >= 0) {
    shutdown(current, SHUT_RDWR);
  }
  thread_.join();
  close(listener_);
}

std::uint16_t RawServer::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::string RawServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port()) + "/v1/records";
}

void RawServer::run() {
  while (!stopping_) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      return;
    }
    current_ = socket;
    if (!stopping_) {
      Connection connection(socket);
      script_(connection, ++connections_);
    }
    current_ = -1;
    close(socket);
  }
}

}  // namespace sluice::uplink_tests
