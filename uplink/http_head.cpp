#include "uplink/http_head.h"

#include "uplink/trace_context.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cctype>

namespace sluice {

namespace {

// Framing belongs to the transport, identity to the promise: neither can be set by a user.
constexpr std::array<std::string_view, 8> kReserved{
    "content-length", "content-encoding", "transfer-encoding", "connection",
    "expect",         "idempotency-key",  "upgrade",           "traceparent"};
constexpr std::string_view kReservedPrefix = "sluice-";

Error unusable(const std::string& what) {
  return {Reaction::Reject, what};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != kMarks.npos);
  });
}

bool is_value(std::string_view text) {
  return std::ranges::all_of(text,
                             [](unsigned char c) { return (c >= ' ' && c != 0x7f) || c == '\t'; });
}

// Goes between double quotes, so neither these nor a backslash.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}

std::string hex(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number /= 16) {
    *digit = kDigits[number % 16];
  }
  return text;
}

class Lines {
 public:
  // A header of ours, unless the user has set it.
  void add_default(std::string_view name, std::string_view value) {
    if (!value.empty() && !given(name)) {
      append(name, value);
    }
  }

  Status add_users(const std::vector<std::pair<std::string, std::string>>& headers) {
    for (const auto& [name, value] : headers) {
      const std::string key = lower_case(name);
      if (!is_token(name)) {
        return unusable("not a valid header name: \"" + name + '"');
      }
      if (!is_value(value)) {
        return unusable("header " + name + " contains a line break or another control character");
      }
      if (key.starts_with(kReservedPrefix) ||
          std::ranges::find(kReserved, key) != kReserved.end()) {
        return unusable("header " + name + " is set by sluice and cannot be configured");
      }
      given_.push_back(key);
      append(name, value);
    }
    return {};
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] bool given(std::string_view name) const {
    return std::ranges::find(given_, lower_case(name)) != given_.end();
  }

  void append(std::string_view name, std::string_view value) {
    text_.append(name).append(": ").append(value).append("\r\n");
  }

  std::string text_;
  std::vector<std::string> given_;
};

Status check(const HttpTransportOptions& options, const SenderIdentity& identity) {
  if (!is_token(options.method)) {
    return unusable("not a valid HTTP method: \"" + options.method + '"');
  }
  if (!is_name(identity.agent)) {
    return unusable("the agent's name must be printable ASCII without spaces and quotes");
  }
  for (const std::string& flow : identity.flows) {
    if (!is_name(flow)) {
      return unusable("not a usable flow name: \"" + flow + '"');
    }
  }
  for (const std::string& config : identity.flow_configs) {
    if (!config.empty() && !is_name(config)) {
      return unusable("not a usable configuration hash: \"" + config + '"');
    }
  }
  return {};
}

}  // namespace

Result<HttpHead> HttpHead::make(const HttpTransportOptions& options, const SenderIdentity& identity,
                                const std::string& target) {
  if (Status usable = check(options, identity); !usable) {
    return usable.error();
  }
  Lines lines;
  if (Status added = lines.add_users(options.headers); !added) {
    return added.error();
  }
  lines.add_default("Host", options.url.authority());
  lines.add_default("User-Agent", "sluice/" + identity.version);
  lines.add_default("Content-Type", "application/x-ndjson");
  const std::string epoch = hex(identity.epoch);
  HttpHead head;
  head.start_ = options.method + ' ' + target + " HTTP/1.1\r\n" + lines.text();
  head.sender_ = "Sluice-Agent: " + identity.agent + "\r\nSluice-Epoch: " + epoch + "\r\n";
  for (std::size_t i = 0; i < identity.flows.size(); ++i) {
    Flow flow;
    flow.key_start = identity.agent + '-' + epoch + '-' + identity.flows[i] + '-';
    flow.lines = "Sluice-Flow: " + identity.flows[i] + "\r\n";
    if (i < identity.flow_configs.size() && !identity.flow_configs[i].empty()) {
      flow.lines += "Sluice-Config: " + identity.flow_configs[i] + "\r\n";
    }
    head.flows_.push_back(std::move(flow));
  }
  return head;
}

void HttpHead::add(std::string& head, std::string_view name, std::string_view value) {
  constexpr std::string_view kEnd = "\r\n";
  head.resize(head.size() - kEnd.size());
  head.append(name).append(": ").append(value).append(kEnd).append(kEnd);
}

std::string HttpHead::without_block() const {
  return start_ + "Content-Length: 0\r\n\r\n";
}

std::string HttpHead::of(const Shipment& shipment, std::size_t body_bytes,
                         std::string_view encoding) const {
  const Block& block = *shipment.block;
  assert(number(block.flow) < flows_.size() && "the identity names every flow");
  const Flow& flow = flows_[number(block.flow)];
  const std::string first = std::to_string(number(block.first));
  const std::string last = std::to_string(number(block.last()));
  const std::string key = flow.key_start + first + '-' + last;
  std::string head;
  constexpr std::size_t kRoomForNumbers = 320;
  head.reserve(start_.size() + sender_.size() + flow.lines.size() + key.size() + kRoomForNumbers);
  head.append(start_).append(sender_).append(flow.lines);
  head.append("Sluice-First-Seq: ").append(first);
  head.append("\r\nSluice-Count: ").append(std::to_string(block.count));
  head.append("\r\nIdempotency-Key: \"").append(key).append("\"");
  head.append("\r\ntraceparent: ").append(traceparent_of(key));
  head.append(shipment.backfill ? "\r\nSluice-Backfill: true" : "");
  if (!encoding.empty()) {
    head.append("\r\nContent-Encoding: ").append(encoding);
  }
  head.append("\r\nContent-Length: ").append(std::to_string(body_bytes));
  return head.append("\r\n\r\n");
}

}  // namespace sluice
