// A request to the agent and its answer, whichever way they travel.
#pragma once

#include "core/result.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

enum class AdminMethod { Get, Post, Delete };

struct AdminRequest {
  AdminMethod method = AdminMethod::Get;
  std::string path;                                       // decoded, begins with '/'
  std::map<std::string, std::string, std::less<>> query;  // decoded
  std::string body;

  // Null if the query does not have it.
  [[nodiscard]] const std::string* find(std::string_view name) const {
    const auto found = query.find(name);
    return found != query.end() ? &found->second : nullptr;
  }
};

// The next piece of an answer; nothing: it is complete.
using AdminChunk = Result<std::optional<std::string>>;
using AdminChunkHandler = std::function<void(AdminChunk)>;

// An answer that is made piece by piece: the next is asked for when the one before has been sent,
// so that memory stays bounded however slow the reader is.
class AdminBody {
 public:
  virtual ~AdminBody() = default;

  // Calls `then` once, from any thread, at once or later; also after the body is gone, unless there
  // is nobody to call it any more. An error as the first piece becomes the status of the answer: it
  // is chosen by its reaction. A later one breaks the connection off, so that nobody takes half an
  // answer for a whole one.
  virtual void next(AdminChunkHandler then) = 0;
};

// A browser that shows the answer loads and runs nothing.
inline constexpr const char* kNothingFromAnywhere = "default-src 'none'; frame-ancestors 'none'";

struct AdminResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string text{};  // the whole answer, unless there is a body
  std::string content_security_policy = kNothingFromAnywhere;
  std::unique_ptr<AdminBody> body{};
};

// Runs on the admin thread; must not block.
using AdminHandler = std::function<AdminResponse(const AdminRequest&)>;

// {"error": message}
AdminResponse admin_error(unsigned status, std::string_view message);
// Reject: 400, Closed, Full and Retry: 503, Fatal: 500.
AdminResponse admin_error(const Error& error);

}  // namespace sluice
