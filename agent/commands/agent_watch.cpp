#include "commands/agent_watch.h"

#include "core/join.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <vector>

namespace sluice {

namespace {

bool collects(const AgentStatus& status) {
  return status.stuck.empty() && status.buffer.trouble.empty() &&
         std::ranges::all_of(status.sources,
                             [](const auto& source) { return source.second.connected; });
}

std::string ledger_trouble(const Health& health) {
  std::vector<std::string> words;
  for (const HealthReason& reason : health.reasons) {
    if (reason.code == kLedgerUnbalanced) {
      words.push_back(reason.text);
    }
  }
  return joined(words, "; ");
}

}  // namespace

void AgentWatch::watch_store(SqliteBuffer& buffer) {
  constexpr unsigned kPatienceWithDisks = 300;  // it may have to read out a damaged file
  threads_.add(
      {.name = "the store, which commits to the disk",
       .nudge = [this, &buffer] { buffer.inspect([this](const auto&) { ++store_turns_; }); },
       .turns = [this] { return store_turns_.load(); },
       .patience = kPatienceWithDisks});
}

void AgentWatch::watch_intake(Intake& intake) {
  threads_.add({.name = "the intake, which makes records of messages",
                .nudge = [&intake] { intake.nudge(); },
                .turns = [&intake] { return intake.turns(); }});
}

void AgentWatch::watch_uplink(boost::asio::io_context& uplink) {
  threads_.add(
      {.name = "the uplink, which sends to the sinks",
       .nudge = [this, &uplink] { boost::asio::post(uplink, [this] { ++uplink_turns_; }); },
       .turns = [this] { return uplink_turns_.load(); }});
}

void AgentWatch::watch_admin(AdminServer& admin) {
  threads_.add({.name = "the admin endpoint",
                .nudge = [this, &admin] { admin.post([this] { ++admin_turns_; }); },
                .turns = [this] { return admin_turns_.load(); }});
}

void AgentWatch::watch_source(const std::string& name, Source& source) {
  threads_.add({.name = "source " + name,
                .nudge = [&source] { source.resume(); },
                .turns = [&source] { return source.counts().turns; }});
}

void AgentWatch::begin(const AgentStatus& status) {
  queues_.look(clock_.elapsed(), status);
  ledgers_.look(clock_.elapsed(), status);
}

AgentState AgentWatch::look(const AgentStatus& status) {
  threads_.look();
  begin(status);
  const Health health = health_of(status);
  return {.alive = status.stuck.empty(),
          .collecting = collects(status),
          .words = words_of(health),
          .ledger_trouble = ledger_trouble(health)};
}

void AgentWatch::tell(AgentStatus& status) const {
  queues_.tell(status);
  ledgers_.tell(status);
  status.stuck = threads_.stuck();
}

AdminResponse AgentWatch::livez() const {
  const std::vector<std::string> stuck = threads_.stuck();
  return {.status = stuck.empty() ? 200U : 503U,
          .content_type = "text/plain",
          .text = stuck.empty() ? "ok\n" : joined(stuck, "; ") + '\n'};
}

}  // namespace sluice
