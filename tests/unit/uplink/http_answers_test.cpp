// What the transport makes of answers that are more than a status.
#include "tests/lab/receiver.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::uplink_tests {
namespace {

std::string url_of(const lab::Receiver& receiver) {
  return "http://127.0.0.1:" + std::to_string(receiver.port()) + "/";
}

// Takes only the encodings that `accepted` names; notes what it was sent.
class PickyReceiver {
 public:
  explicit PickyReceiver(std::vector<std::string> accepted) : accepted_(std::move(accepted)) {
    receiver_.follow(
        [this](const std::map<std::string, std::string>& headers, const std::string& /*body*/) {
          const auto encoding = headers.find("content-encoding");
          seen.push_back(encoding == headers.end() ? "identity" : encoding->second);
          keys.push_back(headers.at("idempotency-key"));
          const bool good = std::ranges::find(accepted_, seen.back()) != accepted_.end();
          return lab::Behaviour{.status = good ? 200 : 415};
        });
  }
  ~PickyReceiver() { receiver_.stop(); }
  PickyReceiver(const PickyReceiver&) = delete;
  PickyReceiver& operator=(const PickyReceiver&) = delete;

  lab::Receiver& receiver() { return receiver_; }

  std::vector<std::string> seen;  // written before the answer, read after it
  std::vector<std::string> keys;

 private:
  std::vector<std::string> accepted_;
  lab::Receiver receiver_{{}};
};

TEST(HttpTransport, StepsDownToAnEncodingThatTheDestinationUnderstandsAndStaysThere) {
  PickyReceiver picky({"identity"});
  Sender sender(options_for(url_of(picky.receiver())));
  EXPECT_EQ(sender.send(make_block(1, 10)).verdict, Verdict::Confirmed);
  EXPECT_EQ(sender.send(make_block(11, 10)).verdict, Verdict::Confirmed);
  EXPECT_EQ(picky.seen, (std::vector<std::string>{"zstd", "gzip", "identity", "identity"}));
  EXPECT_EQ(picky.keys[0], picky.keys[2]) << "the same records under the same key";
  EXPECT_EQ(picky.receiver().counts().records, 20U);
}

TEST(HttpTransport, SaysSoWhenNoEncodingIsUnderstood) {
  PickyReceiver picky({});
  Sender sender(options_for(url_of(picky.receiver())));
  EXPECT_EQ(sender.send(make_block(1, 10)).verdict, Verdict::BadEncoding);
  EXPECT_EQ(picky.seen.size(), 3U);
}

TEST(HttpTransport, CountsWhatGoesOntoTheLine) {
  std::size_t received = 0;
  RawServer server([&](RawServer::Connection& connection, int /*number*/) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      received += request.size();
      connection.write("HTTP/1.1 415 No\r\nContent-Length: 0\r\n\r\n");
    }
  });
  Sender sender(options_for(server.url()));
  const Answer answer = sender.send(make_block(1, 10));
  EXPECT_EQ(answer.sent_bytes, received) << "head and body of every request";
}

TEST(HttpTransport, HasSentNothingWhenNobodyListens) {
  std::string url;
  {
    const RawServer gone([](RawServer::Connection& /*connection*/, int /*number*/) {});
    url = gone.url();
  }
  Sender sender(options_for(url));
  EXPECT_EQ(sender.send(make_block(1, 10)).sent_bytes, 0U);
}

TEST(HttpTransport, FollowsTheUsersOwnMeaningOfAStatus) {
  lab::Receiver receiver({});
  HttpTransportOptions options = options_for(url_of(receiver));
  options.responses = {{409, Verdict::Confirmed}, {500, Verdict::Refused}};
  Sender sender(options);
  for (const auto& [status, verdict] :
       {std::pair{409, Verdict::Confirmed}, std::pair{500, Verdict::Refused},
        std::pair{503, Verdict::Retry}}) {
    receiver.behave({.status = status});
    EXPECT_EQ(sender.send(make_block(1, 10)).verdict, verdict) << status;
  }
}

TEST(HttpTransport, DoesNotTakeAnEarlyAnswerForAConfirmationWhateverTheUserSays) {
  std::promise<void> over;
  RawServer server(
      [end = over.get_future().share()](RawServer::Connection& connection, int /*number*/) {
        connection.read(100);
        connection.write("HTTP/1.1 409 Have it\r\nContent-Length: 0\r\n\r\n");
        end.wait();  // and reads no more, so that the request cannot be complete
      },
      4096);
  HttpTransportOptions options = options_for(server.url());
  options.responses = {{409, Verdict::Confirmed}};
  Sender sender(options);
  const Answer answer = sender.send(large_block());
  over.set_value();
  EXPECT_EQ(answer.verdict, Verdict::Retry);
}

}  // namespace
}  // namespace sluice::uplink_tests
