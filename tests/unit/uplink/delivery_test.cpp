// The dispatcher with the real transport and a real receiver: what becomes of the records with
// every row of the table of PROTOCOL.md.
#include "tests/lab/receiver.h"
#include "tests/unit/uplink/dispatching.h"
#include "tests/unit/uplink/sending.h"

#include <atomic>
#include <chrono>
#include <sstream>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;

constexpr DeliveryOptions kPatient{.retry = {milliseconds(1), milliseconds(10)}};

// Answers as a test says, and counts every line of what it accepts.
class CountingReceiver {
 public:
  // `request` counts from 1.
  using Judge = std::function<lab::Behaviour(int request, std::uint64_t first, std::uint64_t last)>;

  explicit CountingReceiver(Judge judge) : judge_(std::move(judge)) {
    receiver_.follow(
        [this](const std::map<std::string, std::string>& headers, const std::string& /*body*/) {
          const std::uint64_t first = std::stoull(headers.at("sluice-first-seq"));
          return judge_(++requests_, first, first + std::stoull(headers.at("sluice-count")) - 1);
        });
    receiver_.observe([this](const std::map<std::string, std::string>& /*headers*/,
                             const std::string& lines) { count(lines); });
  }
  ~CountingReceiver() { receiver_.stop(); }
  CountingReceiver(const CountingReceiver&) = delete;
  CountingReceiver& operator=(const CountingReceiver&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(receiver_.port()) + "/v1/records";
  }
  [[nodiscard]] int requests() const { return requests_; }
  // How often each record was accepted. Stops the receiver.
  const std::map<std::uint64_t, int>& accepted() {
    receiver_.stop();
    return accepted_;
  }

 private:
  void count(const std::string& lines) {
    std::istringstream text(lines);
    for (std::string line; std::getline(text, line);) {
      constexpr std::string_view kStart = R"({"seq":)";
      ++accepted_[std::stoull(line.substr(kStart.size()))];
    }
  }

  Judge judge_;
  std::atomic<int> requests_ = 0;
  std::map<std::uint64_t, int> accepted_;
  lab::Receiver receiver_{{}};
};

class DeliveryTest : public DispatcherTest {
 protected:
  void deliver(std::uint64_t records, std::uint32_t per_block,
               const HttpTransportOptions& options) {
    for (std::uint64_t first = 1; first <= records; first += per_block) {
      buffer_.add(numbered_block(0, first, per_block));
    }
    auto transport = make_http_transport(
        io_, options, {.agent = "a", .epoch = 1, .flows = {"f"}, .flow_configs = {}});
    ASSERT_TRUE(transport);
    sink_ = std::make_unique<Dispatcher>(
        io_, DispatcherOptions{.name = "test", .feeds = {kFirstFeed}, .delivery = kPatient},
        buffer_, buffer_, *std::move(transport));
    sink_->start();
    run_until([&] { return buffer_.held(0, 0) == 0; });
  }
  // Everything but `without` was accepted, and nothing twice.
  static void expect_accepted_once(CountingReceiver& receiver, std::uint64_t records,
                                   std::uint64_t without = 0) {
    const std::map<std::uint64_t, int>& accepted = receiver.accepted();
    EXPECT_EQ(accepted.size(), records - (without > 0 ? 1 : 0));
    for (const auto& [sequence, times] : accepted) {
      EXPECT_EQ(times, 1) << sequence;
    }
    EXPECT_FALSE(accepted.contains(without)) << without;
  }

  std::unique_ptr<Dispatcher> sink_;
};

lab::Behaviour status(int number, const std::string& body = "") {
  return {.status = number, .body = body};
}

bool lies_in(std::uint64_t sequence, std::uint64_t first, std::uint64_t last) {
  return first <= sequence && sequence <= last;
}

TEST_F(DeliveryTest, LosesNothingAndRepeatsNothingWhateverIsAnsweredAtFirst) {
  for (const int first_answer : {301, 302, 307, 400, 401, 403, 404, 407, 408, 413, 415, 418, 422,
                                 429, 500, 502, 503, 504, 599}) {
    SCOPED_TRACE(first_answer);
    buffer_ = FakeBuffer();
    CountingReceiver receiver([&](int request, std::uint64_t /*first*/, std::uint64_t /*last*/) {
      return status(request == 1 ? first_answer : 204);
    });
    deliver(100, 10, options_for(receiver.url()));
    expect_accepted_once(receiver, 100);
    EXPECT_TRUE(buffer_.burials.empty());
    sink_.reset();
  }
}

TEST_F(DeliveryTest, BringsAllButTheOneOfTenThousandThatIsRefused) {
  for (const int refusal : {400, 422}) {
    buffer_ = FakeBuffer();
    CountingReceiver receiver([&](int /*request*/, std::uint64_t first, std::uint64_t last) {
      return lies_in(7'777, first, last) ? status(refusal, "value\tis bad") : status(200);
    });
    deliver(10'000, 1'000, options_for(receiver.url()));
    expect_accepted_once(receiver, 10'000, 7'777);
    ASSERT_EQ(buffer_.burials.size(), 1U);
    EXPECT_EQ(buffer_.burials[0].sequence, 7'777U);
    EXPECT_EQ(buffer_.burials[0].reason, "refused");
    EXPECT_TRUE(buffer_.burials[0].detail.starts_with(std::to_string(refusal)));
    EXPECT_TRUE(buffer_.burials[0].detail.ends_with("value\tis bad")) << "the server's own words";
    EXPECT_LE(receiver.requests(), 10 + 2 * 10 + 1);
    sink_.reset();
  }
}

TEST_F(DeliveryTest, BringsLargeBlocksInPieces) {
  CountingReceiver receiver([](int /*request*/, std::uint64_t first, std::uint64_t last) {
    return status(last - first >= 100 ? 413 : 200);
  });
  deliver(4'000, 1'000, options_for(receiver.url()));
  expect_accepted_once(receiver, 4'000);
}

TEST_F(DeliveryTest, FollowsTheRulesOfTheUser) {
  CountingReceiver receiver([](int /*request*/, std::uint64_t first, std::uint64_t last) {
    return status(lies_in(55, first, last) ? 500 : 200);
  });
  HttpTransportOptions options = options_for(receiver.url());
  options.responses = {{500, Verdict::Refused}};
  deliver(100, 10, options);
  expect_accepted_once(receiver, 100, 55);
  EXPECT_EQ(buffer_.burials.size(), 1U);
}

TEST_F(DeliveryTest, RepeatsOnlyWhatWasTakenInPart) {
  CountingReceiver receiver([](int request, std::uint64_t /*first*/, std::uint64_t /*last*/) {
    return status(request == 1 ? 207 : 200);
  });
  deliver(100, 10, options_for(receiver.url()));
  const std::map<std::uint64_t, int>& accepted = receiver.accepted();
  EXPECT_EQ(accepted.size(), 100U);
  for (const auto& [sequence, times] : accepted) {
    EXPECT_EQ(times, sequence <= 10 ? 2 : 1) << sequence;
  }
}

TEST_F(DeliveryTest, SendsTheSameBytesWhenTheReceiverClosesInsteadOfAnswering) {
  std::vector<std::string> requests;
  RawServer server([&](RawServer::Connection& connection, int number) {
    requests.push_back(connection.read_request());
    if (number > 3) {
      connection.write("HTTP/1.1 204 OK\r\nConnection: close\r\n\r\n");
    }
  });
  deliver(10, 10, options_for(server.url()));
  ASSERT_GE(requests.size(), 4U);
  for (const std::string& request : requests) {
    EXPECT_EQ(request, requests.front());
  }
}

}  // namespace
}  // namespace sluice::uplink_tests
