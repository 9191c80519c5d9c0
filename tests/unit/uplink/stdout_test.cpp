// Lines on standard output, with readers that are slow, stand still or go away.
#include "tests/support/temp_directory.h"
#include "tests/support/transport_driver.h"
#include "uplink/record_lines.h"
#include "uplink/stdout_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <sstream>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing_support::block_of;
using testing_support::line_of;
using testing_support::TransportDriver;

class StandardOutput : public ::testing::Test {
 protected:
  StandardOutput() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    fcntl(ends_[1], F_SETPIPE_SZ, 4096);
    driver_.emplace([this](boost::asio::io_context& io) -> Result<std::unique_ptr<Transport>> {
      return make_stdout_transport(io, ends_[1], milliseconds(100));
    });
  }
  ~StandardOutput() override {
    driver_.reset();
    close(ends_[0]);
    close(ends_[1]);
  }
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // Until so many lines are there; nothing is written behind them.
  std::string read_lines(std::size_t count) {
    std::string text;
    while (static_cast<std::size_t>(std::ranges::count(text, '\n')) < count) {
      std::array<char, 4096> piece{};
      const auto got = read(ends_[0], piece.data(), piece.size());
      if (got <= 0) {
        break;
      }
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  static std::string lines(std::uint64_t first, std::uint64_t last) {
    std::string text;
    for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
      text += line_of(sequence) + '\n';
    }
    return text;
  }

  std::array<int, 2> ends_{};
  std::optional<TransportDriver> driver_;
};

TEST_F(StandardOutput, HasTheLinesOfTheBlocks) {
  EXPECT_EQ(driver_->send(block_of(1, 10)).verdict, Verdict::Confirmed);
  EXPECT_EQ(read_lines(10), lines(1, 10));
  EXPECT_EQ(driver_->send(block_of(11, 5)).verdict, Verdict::Confirmed);
  EXPECT_EQ(read_lines(5), lines(11, 15));
}

TEST_F(StandardOutput, WithoutAReaderIsAReasonToRetry) {
  close(ends_[0]);
  ends_[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const Answer answer = driver_->send(block_of(1, 10));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("Broken pipe"), std::string::npos) << answer.detail;
}

TEST_F(StandardOutput, ThatIsStuckIsContinuedWhereItStopped) {
  const BlockPtr block = block_of(1, 500);
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_EQ(driver_->send(block).verdict, Verdict::Retry);
  }
  driver_->begin(block);
  EXPECT_EQ(read_lines(500), lines(1, 500));
  EXPECT_EQ(driver_->finish().verdict, Verdict::Confirmed);
}

TEST_F(StandardOutput, HasWholeLinesWhenAnotherBlockFollowsOneThatWasGivenUp) {
  EXPECT_EQ(driver_->send(block_of(1, 500)).verdict, Verdict::Retry);
  driver_->begin(block_of(501, 100));
  const std::string text = read_lines(600);
  EXPECT_EQ(driver_->finish().verdict, Verdict::Confirmed);
  EXPECT_EQ(text, lines(1, 600));
}

TEST_F(StandardOutput, ThatIsStuckDoesNotKeepTheAgentFromEnding) {
  EXPECT_EQ(driver_->send(block_of(1, 500)).verdict, Verdict::Retry);
  driver_.reset();  // returns
}

TEST_F(StandardOutput, OnAFullDiskIsContinuedInTheMiddleOfTheLine) {
  testing_support::TempDirectory directory;
  const std::string path = directory.file("out");
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  TransportDriver driver([file](boost::asio::io_context& io) -> Result<std::unique_ptr<Transport>> {
    return make_stdout_transport(io, file);
  });
  rlimit whole{};
  getrlimit(RLIMIT_FSIZE, &whole);
  rlimit tight = whole;
  tight.rlim_cur = lines(1, 3).size() + 10;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &tight);
  EXPECT_EQ(driver.send(block_of(1, 10)).verdict, Verdict::Retry);
  setrlimit(RLIMIT_FSIZE, &whole);
  EXPECT_EQ(driver.send(block_of(11, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(driver.send(block_of(1, 10)).verdict, Verdict::Confirmed);
  std::signal(SIGXFSZ, handler);
  close(file);
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  EXPECT_EQ(text.str(), lines(1, 4) + lines(11, 11) + lines(1, 10));
}

}  // namespace
}  // namespace sluice
