#include "tools/backend.h"

#include "admin/target.h"
#include "buffers/inspection.h"
#include "tools/buffer_routes.h"
#include "tools/dead_routes.h"

#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace sluice {

namespace {

class RunningAgent final : public ToolBackend {
 public:
  explicit RunningAgent(AdminClient client) : client_(std::move(client)) {}

  Status ask(AdminMethod method, const std::string& target, const AdminReceiver& take) override {
    return client_.ask(method, target, take);
  }

 private:
  AdminClient client_;
};

// Calls the handlers of the agent in this process.
Status ask_routes(const AdminRoutes& routes, AdminMethod method, const std::string& target,
                  const AdminReceiver& take) {
  AdminRequest request{.method = method, .path = {}, .query = {}, .body = {}};
  if (Status parsed = parse_target(target, request); !parsed) {
    return parsed;
  }
  const AdminRoutes::Route* route = routes.find(method, request.path);
  if (route == nullptr) {
    return Error{Reaction::Reject, "this needs a running agent"};
  }
  AdminResponse response = route->handler(request);
  if (response.body == nullptr) {
    return response.status == 200
               ? take(response.text)
               : Status(Error{Reaction::Reject, error_words(response.text, response.status)});
  }
  while (true) {
    const auto promise = std::make_shared<std::promise<AdminChunk>>();
    response.body->next([promise](AdminChunk piece) { promise->set_value(std::move(piece)); });
    AdminChunk piece = promise->get_future().get();
    if (!piece) {
      return piece.error();
    }
    if (!piece->has_value()) {
      return {};
    }
    if (Status taken = (*piece)->empty() ? Status{} : take(**piece); !taken) {
      return taken;
    }
  }
}

class StoppedAgent final : public ToolBackend {
 public:
  explicit StoppedAgent(std::unique_ptr<InspectableBuffer> buffer) : buffer_(std::move(buffer)) {
    add_buffer_routes(routes_, *buffer_);
    add_dead_routes(routes_, *buffer_);
  }

  Status ask(AdminMethod method, const std::string& target, const AdminReceiver& take) override {
    return ask_routes(routes_, method, target, take);
  }

 private:
  std::unique_ptr<InspectableBuffer> buffer_;
  AdminRoutes routes_;
};

// The store of an agent, without the rest of it.
class StoppedStore final : public ToolBackend {
 public:
  explicit StoppedStore(std::unique_ptr<SqliteBuffer> buffer) : buffer_(std::move(buffer)) {
    add_buffer_routes(routes_, *buffer_);
    add_dead_routes(routes_, *buffer_);
    add_dead_changes(routes_, *buffer_);
    thread_ = std::jthread([this](const std::stop_token& stop) {
      constexpr std::chrono::seconds kStopTime{10};
      buffer_->run(nobody_, kStopTime, stop);
    });
  }

  Status ask(AdminMethod method, const std::string& target, const AdminReceiver& take) override {
    return ask_routes(routes_, method, target, take);
  }

 private:
  // Nothing is submitted here.
  class Nobody final : public BufferListener {
   public:
    void settled(Sequence /*first*/) override {}
  };

  std::unique_ptr<SqliteBuffer> buffer_;
  AdminRoutes routes_;
  Nobody nobody_;
  std::jthread thread_;  // last: it ends before what it uses
};

Error unreachable(const std::string& directory, const std::string& why) {
  return {Reaction::Retry, "an agent uses " + directory + " but does not answer on " +
                               own_socket_of(directory) +
                               ": it is starting or stopping, or its log says why it cannot listen "
                               "there (" +
                               why + ')'};
}

Result<std::unique_ptr<ToolBackend>> open_stopped(const SqliteBufferOptions& options, ToolUse use) {
  if (use == ToolUse::Read) {
    auto buffer = open_stopped_buffer(options);
    if (!buffer) {
      return buffer.error();
    }
    return std::unique_ptr<ToolBackend>(std::make_unique<StoppedAgent>(*std::move(buffer)));
  }
  if (Status allowed = check_buffer_access(options.directory); !allowed) {
    return allowed.error();
  }
  static const SystemClock clock;
  auto buffer = open_sqlite_buffer(options, clock);
  if (!buffer) {
    return buffer.error();
  }
  return std::unique_ptr<ToolBackend>(std::make_unique<StoppedStore>(*std::move(buffer)));
}

}  // namespace

std::string own_socket_of(const std::string& directory) {
  return directory + "/sluice.sock";
}

Result<std::unique_ptr<ToolBackend>> reach_buffer(const SqliteBufferOptions& options, ToolUse use) {
  auto client = AdminClient::connect(own_socket_of(options.directory));
  if (client) {
    return std::unique_ptr<ToolBackend>(std::make_unique<RunningAgent>(*std::move(client)));
  }
  if (client.error().reaction != Reaction::Closed) {
    return Error{Reaction::Reject, "cannot ask the agent: " + client.error().message +
                                       "; run this as the agent's user or root"};
  }
  auto stopped = open_stopped(options, use);
  if (!stopped && stopped.error().reaction == Reaction::Closed) {
    return unreachable(options.directory, stopped.error().message);
  }
  return stopped;
}

Result<std::string> ask_for_text(ToolBackend& backend, AdminMethod method,
                                 const std::string& target) {
  std::string text;
  const Status asked = backend.ask(method, target, [&text](std::string_view piece) -> Status {
    text += piece;
    return {};
  });
  if (!asked) {
    return asked.error();
  }
  return text;
}

}  // namespace sluice
