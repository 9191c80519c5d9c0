// Tries a broker without collecting anything: can it be reached, does it let the agent in, and may
// the agent subscribe?
#pragma once

#include "core/result.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "sources/mqtt_packet.h"
#include "sources/mqtt_source.h"

#include <chrono>
#include <string>
#include <vector>

namespace sluice {

struct BrokerCheckOptions {
  Url url;
  TlsOptions tls;
  MqttVersion version = MqttVersion::V5;
  std::string client_id;  // of the agent; the check uses another one, see check_client_id()
  std::string username;
  std::string password;
  std::vector<std::string> filters;
  int qos = 1;  // asked for with each filter
  std::chrono::milliseconds at_most{10'000};
};

// What a check of this source takes; user name and password of the URL count as they do there.
BrokerCheckOptions broker_check_of(const MqttSourceOptions& source);

// Another name, so that the session of a running agent is neither taken over nor changed.
std::string check_client_id(const std::string& client_id);

// Another group, so that no message is taken from the members of the configured one; a filter that
// is not shared stays as it is.
std::string check_filter_of(const std::string& filter);

// Texts are for a human: what was found, or what is wrong and what to do.
struct FilterFinding {
  std::string filter;  // as it is configured
  Result<std::string> verdict;
};
struct BrokerFindings {
  Result<std::string> connection;
  std::vector<FilterFinding> filters;  // none if there is no connection
};

// Connects, logs in with a clean session, subscribes to one filter after the other, and leaves.
// What the broker sends meanwhile is a copy for a session that ends: it is neither acknowledged nor
// kept, and the agent's own session still gets it.
//
// Blocks, at most as long as the options say, and for up to a second to take leave.
BrokerFindings check_broker(const BrokerCheckOptions& options);

}  // namespace sluice
