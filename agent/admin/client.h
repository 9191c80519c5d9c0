// Asks a running agent through its Unix socket. For the tools.
#pragma once

#include "admin/exchange.h"
#include "core/result.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

// Takes the next bytes of an answer. An error ends the conversation.
using AdminReceiver = std::function<Status(std::string_view)>;

// What the agent says is wrong, out of an answer other than 200.
std::string error_words(const std::string& answer, unsigned status);

// One thread at a time. Every step has a deadline.
class AdminClient {
 public:
  // Closed: nobody listens on this socket, or it is not there. Reject: not ours to open.
  static Result<AdminClient> connect(const std::string& socket_path,
                                     std::chrono::milliseconds patience = kPatience);
  ~AdminClient();
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;
  AdminClient(AdminClient&& other) noexcept;
  AdminClient& operator=(AdminClient&& other) noexcept;

  // Sends one request, and gives the answer to `take` piece by piece as it arrives. An answer other
  // than 200 becomes an error with the agent's words; one that breaks off, Retry.
  Status ask(AdminMethod method, const std::string& target, const AdminReceiver& take);

  // Longer than the server lets its store take for a piece.
  static constexpr std::chrono::seconds kPatience{90};

 private:
  class Conversation;
  explicit AdminClient(std::unique_ptr<Conversation> conversation);
  std::unique_ptr<Conversation> conversation_;
};

}  // namespace sluice
