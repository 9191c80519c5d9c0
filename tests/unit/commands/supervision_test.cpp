// What a supervisor hears, on a real datagram socket.
#include "commands/supervision.h"

#include "tests/support/notify_socket.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing_support::NotifySocket;
using testing_support::TempDirectory;

using Heard = std::vector<std::string>;

const AgentState kStarting{
    .alive = true, .collecting = false, .words = "failing: no broker", .ledger_trouble = {}};
const AgentState kWell{.alive = true, .collecting = true, .words = "ok", .ledger_trouble = {}};
const AgentState kStuck{
    .alive = false, .collecting = false, .words = "failing: stuck", .ledger_trouble = {}};

class ASupervisor : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] std::string name() const {
    return (GetParam() ? "@sluice-test-" + std::to_string(getpid()) + '-' : std::string()) +
           directory_.file("notify");
  }

  const TempDirectory directory_;
  const NotifySocket supervisor_{name()};
  Supervision supervision_{{.socket = name(), .watchdog = 10s}};
};

TEST_P(ASupervisor, HearsReadyOnceWhenTheAgentCollects) {
  supervision_.look(kStarting);
  EXPECT_EQ(supervisor_.heard(), Heard{"EXTEND_TIMEOUT_USEC=60000000\nSTATUS=failing: no broker"});
  supervision_.look(kStarting);
  EXPECT_EQ(supervisor_.heard(), Heard{});
  supervision_.look(kWell);
  EXPECT_EQ(supervisor_.heard(), Heard{"READY=1\nSTATUS=ok"});
  supervision_.look(kWell);
  EXPECT_EQ(supervisor_.heard(), Heard{}) << "nothing is new";
  supervision_.look(kStarting);
  EXPECT_EQ(supervisor_.heard(), Heard{"STATUS=failing: no broker"});
  supervision_.look(kWell);
  EXPECT_EQ(supervisor_.heard(), Heard{"STATUS=ok"}) << "it has been ready for long";
}

TEST_P(ASupervisor, IsAskedForMoreTimeAgainAndAgain) {
  unsigned requests = 0;
  for (int i = 0; i < 100; ++i) {
    supervision_.look(kStarting);
    for (const std::string& message : supervisor_.heard()) {
      requests += message.starts_with("EXTEND_TIMEOUT_USEC=") ? 1U : 0U;
    }
  }
  EXPECT_EQ(requests, 10U);
}

TEST_P(ASupervisor, GetsSignsOfLifeOnlyWhileEverythingGetsOn) {
  EXPECT_EQ(supervision_.interval(), 5s);
  supervision_.look(kWell);
  static_cast<void>(supervisor_.heard());
  supervision_.alive();
  EXPECT_EQ(supervisor_.heard(), Heard{"WATCHDOG=1"});
  supervision_.look(kStuck);
  static_cast<void>(supervisor_.heard());
  supervision_.alive();
  EXPECT_EQ(supervisor_.heard(), Heard{});
  supervision_.look(kWell);
  static_cast<void>(supervisor_.heard());
  supervision_.alive();
  EXPECT_EQ(supervisor_.heard(), Heard{"WATCHDOG=1"});
}

TEST_P(ASupervisor, IsToldOfAStopAndHowLongItMayTake) {
  supervision_.stopping(8s);
  EXPECT_EQ(supervisor_.heard(), Heard{"STOPPING=1\nEXTEND_TIMEOUT_USEC=8000000\nSTATUS=stopping"});
}

TEST_P(ASupervisor, IsNotFooledByALineBreakInTheWords) {
  AgentState state = kStarting;
  state.words = "failing: a\nREADY=1";
  supervision_.look(state);
  EXPECT_EQ(supervisor_.heard(), Heard{"EXTEND_TIMEOUT_USEC=60000000\nSTATUS=failing: a READY=1"});
}

INSTANTIATE_TEST_SUITE_P(Behind, ASupervisor, testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "AnAbstractSocket" : "APath");
});

TEST(NoSupervisor, IsToldNothing) {
  const ServiceManager nobody({.socket = "", .watchdog = 10s});
  EXPECT_EQ(nobody.interval(), std::nullopt);
  ServiceManager manager({.socket = "", .watchdog = 10s});
  EXPECT_TRUE(manager.ready("ok"));
  EXPECT_TRUE(manager.alive());
}

TEST(AServiceManager, SaysWhatItCouldNotTell) {
  const TempDirectory directory;
  ServiceManager gone({.socket = directory.file("nobody"), .watchdog = 0s});
  const Status told = gone.ready("ok");
  ASSERT_FALSE(told);
  EXPECT_NE(told.error().message.find(directory.file("nobody")), std::string::npos);
  EXPECT_TRUE(gone.alive()) << "nobody waits for signs of life";
  EXPECT_FALSE(ServiceManager({.socket = "relative", .watchdog = 0s}).ready("ok"));
  EXPECT_FALSE(ServiceManager({.socket = '/' + std::string(200, 'x'), .watchdog = 0s}).ready("ok"));
}

TEST(AServiceManager, WatchesOnlyTheProcessThatIsMeant) {
  const auto watchdog_of = [](const char* process) {
    // NOLINTBEGIN(concurrency-mt-unsafe): nobody else reads the environment here
    ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
    ::setenv("WATCHDOG_USEC", "2000000", 1);
    process != nullptr ? ::setenv("WATCHDOG_PID", process, 1) : ::unsetenv("WATCHDOG_PID");
    const ServiceManager::Options options = ServiceManager::from_environment();
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    // NOLINTEND(concurrency-mt-unsafe)
    EXPECT_EQ(options.socket, "/run/notify");
    return options.watchdog;
  };
  EXPECT_EQ(watchdog_of(nullptr), 2s);
  EXPECT_EQ(watchdog_of(std::to_string(getpid()).c_str()), 2s);
  EXPECT_EQ(watchdog_of("1"), 0s) << "of a parent that has passed its environment on";
}

}  // namespace
}  // namespace sluice
