// Which filters the broker is believed to have for this session, and which it should have.
#pragma once

#include "core/result.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// MQTT 5.0, 4.7 and 4.8.2: not empty, at most 65535 bytes, + and # only as whole levels, # last,
// $share/ with a name and a filter. The error says what is wrong with it.
Status check_filter(std::string_view filter);

// Order matters: a filter is noted as known before SUBSCRIBE is sent and until UNSUBACK has come,
// so that after a crash at any moment nothing that the broker may have is forgotten.
//
// One thread at a time.
class Subscriptions {
 public:
  // `saved` is what state() returned in an earlier run; empty at first. What was saved for another
  // client id belongs to another session and counts for nothing.
  Subscriptions(std::vector<std::string> wanted, std::string client_id, std::string_view saved);

  // The broker has, as far as we know, a session under this client id.
  [[nodiscard]] bool expects_session() const { return !known_.empty(); }
  // The client id that the saved state belongs to, if it is not ours.
  [[nodiscard]] const std::string& former_client_id() const { return former_client_id_; }

  [[nodiscard]] const std::vector<std::string>& wanted() const { return wanted_; }
  [[nodiscard]] std::vector<std::string> obsolete() const;  // known, but not wanted any more
  [[nodiscard]] std::vector<std::string> refused() const;
  [[nodiscard]] bool all_known() const;  // every wanted filter was asked for before

  void session_lost();  // the broker has none of them
  void subscribing();   // SUBSCRIBE for every wanted filter is about to be sent
  void unsubscribed(const std::string& filter);

  // Notes what the broker answered to SUBSCRIBE: the granted QoS, or a code from kFirstErrorCode
  // on. Returns its answer before that, so that the caller can tell whether it is worth a log line.
  std::optional<int> answered(const std::string& filter, int code);

  // What must be remembered.
  [[nodiscard]] std::string state() const;

 private:
  std::vector<std::string> wanted_;
  std::string client_id_;
  std::string former_client_id_;
  std::set<std::string> known_;
  std::map<std::string, int> answers_;  // the last one for each filter
};

}  // namespace sluice
