// The way of a tool to a buffer: through the socket of its agent, or straight to the file.
#pragma once

#include "admin/client.h"
#include "admin/exchange.h"
#include "buffers/sqlite_buffer.h"
#include "core/result.h"

#include <memory>
#include <string>

namespace sluice {

// One thread at a time. The same questions, and the same answers, either way.
class ToolBackend {
 public:
  virtual ~ToolBackend() = default;

  // See AdminClient::ask().
  virtual Status ask(AdminMethod method, const std::string& target, const AdminReceiver& take) = 0;
};

enum class ToolUse { Read, Change };

// Holds the lock of the directory if there is no agent. Of `options` the directory is enough to
// read; with Change the routes and limits of the agent must be there, or what is about a single
// sink is refused. The error says what to do: nobody answers and the file cannot be opened.
Result<std::unique_ptr<ToolBackend>> reach_buffer(const SqliteBufferOptions& options, ToolUse use);

// Where an agent with this directory listens.
std::string own_socket_of(const std::string& directory);

// For JSON answers that fit into memory.
Result<std::string> ask_for_text(ToolBackend& backend, AdminMethod method,
                                 const std::string& target);

}  // namespace sluice
