// An HTTP endpoint for blocks that checks everything it is sent, and can be told to misbehave.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice::lab {

// How a request is answered. Default: 200.
struct Behaviour {
  int status = 200;
  std::string retry_after{};  // header value; empty: none
  std::string body{};
  std::chrono::milliseconds delay{0};  // before the answer
  bool hang = false;                   // never answer
  bool close = false;                  // close the connection instead of answering
};

struct ReceiverOptions {
  std::uint16_t port = 0;  // 0: any free one, on 127.0.0.1
  std::string cert{};      // PEM files; empty: plain HTTP
  std::string key{};
  std::string client_ca{};  // demand a client certificate of this issuer
  std::string ndjson{};     // append accepted lines to this file; empty: do not keep them
};

// Every message of the simulator carries "device" and "n" (0, 1, 2, … per device).
struct ReceiverCounts {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;    // answered 2xx
  std::uint64_t refused = 0;     // answered anything else, hung or closed
  std::uint64_t records = 0;     // lines accepted
  std::uint64_t distinct = 0;    // different (device, n)
  std::uint64_t duplicates = 0;  // records - distinct of those with (device, n)
  std::uint64_t gaps = 0;        // numbers below a device's highest one that have not arrived
  std::uint64_t bytes = 0;       // of request bodies as they travelled
  std::uint64_t malformed =
      0;  // Sluice-Count wrong, body that does not decode, line that is not JSON
  std::uint64_t out_of_order =
      0;  // first sequence of a block not above that of the flow's last new one
  std::string last_problem;
};

// Runs on a thread of its own from construction to destruction. Every method: any thread.
// A request is recorded only if it is answered 2xx.
class Receiver {
 public:
  explicit Receiver(const ReceiverOptions& options);  // throws if it cannot listen
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Serves nobody any more, so that what it has received is final; it can still be asked.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] ReceiverCounts counts() const;
  // Highest number and count of distinct numbers per device.
  struct Device {
    std::uint64_t highest = 0;
    std::uint64_t distinct = 0;
  };
  [[nodiscard]] std::map<std::string, Device> devices() const;
  [[nodiscard]] bool has(const std::string& device, std::uint64_t n) const;

  void behave(Behaviour behaviour);  // from now on
  // Asked for each request before the behaviour above; return nullopt-like default to accept.
  using Script = std::function<Behaviour(const std::map<std::string, std::string>& headers,
                                         const std::string& body)>;
  void follow(Script script);
  // Called with every accepted request: headers (lower-case names) and the decoded lines.
  using Observer = std::function<void(const std::map<std::string, std::string>& headers,
                                      const std::string& lines)>;
  void observe(Observer observer);

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace sluice::lab
