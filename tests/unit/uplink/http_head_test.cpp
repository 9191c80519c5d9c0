#include "uplink/http_head.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpTransportOptions options_for(const std::string& url, Headers headers = {}) {
  HttpTransportOptions options;
  options.url = *parse_url(url);
  options.headers = std::move(headers);
  return options;
}

SenderIdentity gateway() {
  return {.agent = "gateway-7",
          .epoch = 0xab54a98ceb1f0ad2,
          .flows = {"logs", "telemetry"},
          .flow_configs = {"", "5d2c"}};
}

Block block_of_three() {
  Block block;
  block.flow = FlowIndex(1);
  block.first = Sequence(42);
  block.count = 3;
  return block;
}

Shipment shipment_of(const Block& block) {
  return {.block = std::make_shared<const Block>(block)};
}

std::string head_of(const HttpTransportOptions& options) {
  const auto head = HttpHead::make(options, gateway());
  return head ? head->of(shipment_of(block_of_three()), 17, "zstd")
              : "rejected: " + head.error().message;
}

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(HttpHead, OfARequestWithoutABlockNamesNeitherBlockNorSender) {
  HttpTransportOptions options = options_for("http://example.com/in", {{"X-Key", "7"}});
  options.method = "OPTIONS";
  const auto head = HttpHead::make(options, gateway());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->without_block(),
            "OPTIONS /in HTTP/1.1\r\n"
            "X-Key: 7\r\n"
            "Host: example.com\r\n"
            "User-Agent: sluice/dev\r\n"
            "Content-Type: application/x-ndjson\r\n"
            "Content-Length: 0\r\n\r\n");
}

TEST(HttpHead, IsThePublishedRequest) {
  EXPECT_EQ(head_of(options_for("http://example.com:8080/v1/records?x=1",
                                {{"User-Agent", "of this test"}})),
            "POST /v1/records?x=1 HTTP/1.1\r\n"
            "User-Agent: of this test\r\n"
            "Host: example.com:8080\r\n"
            "Content-Type: application/x-ndjson\r\n"
            "Sluice-Agent: gateway-7\r\n"
            "Sluice-Epoch: ab54a98ceb1f0ad2\r\n"
            "Sluice-Flow: telemetry\r\n"
            "Sluice-Config: 5d2c\r\n"
            "Sluice-First-Seq: 42\r\n"
            "Sluice-Count: 3\r\n"
            "Idempotency-Key: \"gateway-7-ab54a98ceb1f0ad2-telemetry-42-44\"\r\n"
            "traceparent: 00-14335394c08b19bd09b21d1827e4b230-093ef3bfae6e3de7-01\r\n"
            "Content-Encoding: zstd\r\n"
            "Content-Length: 17\r\n\r\n");
}

TEST(HttpHead, MarksWhatHadToWaitForFresherBlocks) {
  const auto head = HttpHead::make(options_for("http://h"), gateway());
  ASSERT_TRUE(head);
  Shipment shipment = shipment_of(block_of_three());
  EXPECT_EQ(head->of(shipment, 17, "").find("Sluice-Backfill"), std::string::npos);
  shipment.backfill = true;
  EXPECT_TRUE(has_line(head->of(shipment, 17, ""), "Sluice-Backfill: true"));
}

TEST(HttpHead, LeavesOutWhatIsNotThere) {
  const auto head = HttpHead::make(options_for("http://h"), gateway());
  ASSERT_TRUE(head);
  Block block = block_of_three();
  block.flow = FlowIndex(0);
  const std::string text = head->of(shipment_of(block), 17, "");
  EXPECT_EQ(text.find("Content-Encoding"), std::string::npos);
  EXPECT_EQ(text.find("Sluice-Config"), std::string::npos);
  EXPECT_EQ(text.find("Authorization"), std::string::npos);
}

TEST(HttpHead, WritesTheEpochWithAllItsZeros) {
  SenderIdentity identity = gateway();
  identity.epoch = 0x1f;
  const auto head = HttpHead::make(options_for("http://h"), identity);
  ASSERT_TRUE(head);
  EXPECT_TRUE(
      has_line(head->of(shipment_of(block_of_three()), 1, ""), "Sluice-Epoch: 000000000000001f"));
}

TEST(HttpHead, TakesOneMoreHeaderBeforeItsEnd) {
  std::string head = head_of(options_for("http://h"));
  const std::size_t size = head.size();
  HttpHead::add(head, "Authorization", "Bearer t0ken");
  EXPECT_TRUE(head.ends_with("\r\nAuthorization: Bearer t0ken\r\n\r\n")) << head;
  EXPECT_EQ(head.size(), size + std::string("Authorization: Bearer t0ken\r\n").size());
}

TEST(HttpHead, NamesTheWholeUrlToAProxy) {
  const auto head = HttpHead::make(options_for("http://h/x"), gateway(), "http://h/x");
  ASSERT_TRUE(head);
  const std::string text = head->of(shipment_of(block_of_three()), 1, "");
  EXPECT_TRUE(text.starts_with("POST http://h/x HTTP/1.1\r\nHost: h\r\n")) << text;
}

TEST(HttpHead, LetsTheUserReplaceWhatIsOnlyADefault) {
  const std::string head = head_of(options_for(
      "http://h", {{"X-Tenant", "a b"}, {"host", "virtual"}, {"CONTENT-TYPE", "text/plain"}}));
  EXPECT_TRUE(has_line(head, "X-Tenant: a b"));
  EXPECT_TRUE(has_line(head, "host: virtual"));
  EXPECT_TRUE(has_line(head, "CONTENT-TYPE: text/plain"));
  EXPECT_EQ(head.find("Host: h"), std::string::npos);
  EXPECT_EQ(head.find("ndjson"), std::string::npos);
}

TEST(HttpHead, RejectsHeadersThatWouldBreakOutOrContradictUs) {
  const Headers bad{{"X-A", "1\r\nX-B: 2"},
                    {"X-A", "1\n"},
                    {"X A", "1"},
                    {"X-A:", "1"},
                    {"", "1"},
                    {"X-\xc3\xa4", "1"},
                    {"Content-Length", "5"},
                    {"transfer-encoding", ""},
                    {"Sluice-Agent", "other"},
                    {"IDEMPOTENCY-KEY", ""},
                    {"Content-Encoding", ""},
                    {"Traceparent", "00-1-1-01"},
                    {"X-A", std::string("\0", 1)}};
  for (const auto& header : bad) {
    EXPECT_TRUE(head_of(options_for("http://h", {header})).starts_with("rejected: "))
        << header.first << ": " << header.second;
  }
}

TEST(HttpHead, RejectsNamesThatWouldBreakOut) {
  for (const char* name : {"", "a b", "a\"b", "a\\b", "a\nb", "\xc3\xa4"}) {
    SenderIdentity identity = gateway();
    identity.agent = name;
    EXPECT_FALSE(HttpHead::make(options_for("http://h"), identity)) << name;
    identity = gateway();
    identity.flows[1] = name;
    EXPECT_FALSE(HttpHead::make(options_for("http://h"), identity)) << name;
  }
  HttpTransportOptions options = options_for("http://h");
  options.method = "POST /evil";
  EXPECT_FALSE(HttpHead::make(options, gateway()));
}

}  // namespace
}  // namespace sluice
