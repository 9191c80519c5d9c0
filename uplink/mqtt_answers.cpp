#include "uplink/mqtt_answers.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace sluice {

namespace {

struct Meaning {
  int code;
  Verdict verdict;
  std::string_view words;
};

// What is not listed may pass with time.
constexpr std::array<Meaning, 25> kMeanings{{
    {0x01, Verdict::Misconfigured, "this protocol version is not supported"},
    {0x02, Verdict::Misconfigured, "the client id is not allowed"},
    {0x03, Verdict::Retry, "the server is unavailable"},
    {0x04, Verdict::Misconfigured, "bad user name or password"},
    {0x05, Verdict::Misconfigured, "not authorised"},
    {0x80, Verdict::Retry, "unspecified error"},
    {0x81, Verdict::Misconfigured, "malformed packet"},
    {0x82, Verdict::Misconfigured, "protocol error"},
    {0x83, Verdict::Retry, "implementation specific error"},
    {0x84, Verdict::Misconfigured, "this protocol version is not supported"},
    {0x85, Verdict::Misconfigured, "the client id is not allowed"},
    {0x86, Verdict::Misconfigured, "bad user name or password"},
    {0x87, Verdict::Misconfigured, "not authorised"},
    {0x88, Verdict::Retry, "the server is unavailable"},
    {0x89, Verdict::Throttled, "the server is busy"},
    {0x8A, Verdict::Misconfigured, "banned"},
    {0x8B, Verdict::Retry, "the server is shutting down"},
    {0x8C, Verdict::Misconfigured, "bad authentication method"},
    {0x8E, Verdict::Misconfigured, "another client uses this client id"},
    {0x90, Verdict::Refused, "the topic is not allowed"},
    {0x95, Verdict::TooLarge, "packet too large"},
    {0x96, Verdict::Throttled, "message rate too high"},
    {0x97, Verdict::Throttled, "quota exceeded"},
    {0x99, Verdict::Refused, "payload format invalid"},
    {0x9F, Verdict::Throttled, "connection rate exceeded"},
}};

// As the specification of MQTT writes reason codes.
std::string hexadecimal(int code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(code);
  return {'0', 'x', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
}

Answer answer_of(std::string_view what, int code) {
  const auto* const known = std::ranges::find(kMeanings, code, &Meaning::code);
  return {.verdict = known == kMeanings.end() ? Verdict::Retry : known->verdict,
          .retry_after = {},
          .detail = std::string(what) +
                    (known == kMeanings.end() ? "" : std::string(known->words) + ' ') + '(' +
                    hexadecimal(code) + ')'};
}

}  // namespace

Answer mqtt_connect_answer(int code) {
  Answer answer = answer_of("the broker refuses the connection: ", code);
  if (answer.verdict == Verdict::TooLarge || answer.verdict == Verdict::Refused) {
    answer.verdict = Verdict::Misconfigured;  // it is not about a record yet
  }
  return answer;
}

Answer mqtt_publish_answer(int code) {
  return answer_of("the broker refuses to publish: ", code);
}

Answer mqtt_disconnect_answer(int code) {
  return answer_of("the broker has ended the connection: ", code);
}

}  // namespace sluice
