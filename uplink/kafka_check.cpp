#include "uplink/kafka_check.h"

#include "uplink/doorbell.h"
#include "uplink/kafka_producer.h"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <optional>

namespace sluice {

namespace {

// What librdkafka has to say meanwhile.
struct Trouble {
  std::string words;   // the latest ones about a single broker
  bool final = false;  // trying on is of no use
};

void listen(KafkaProducer& producer, Trouble& trouble) {
  const auto note = [&trouble](int code, const std::string& words) {
    trouble.words = words;
    trouble.final = trouble.final || KafkaProducer::means_credentials_are_wrong(code);
  };
  producer.poll(
      {.reported = [](void* /*ticket*/, int /*code*/) {},
       .broker_trouble = note,
       .fatal = [&trouble](int /*code*/,
                           const std::string& words) { trouble = {.words = words, .final = true}; },
       .all_brokers_down = [](int /*code*/, const std::string& /*words*/) {}});
}

}  // namespace

Result<std::string> check_kafka_brokers(const KafkaTransportOptions& options,
                                        const SenderIdentity& identity,
                                        std::chrono::milliseconds at_most) {
  constexpr std::chrono::milliseconds kSlice{200};  // between two looks at what has gone wrong
  boost::asio::io_context io{1};
  const Doorbell bell(io, [] {});  // nobody listens, but librdkafka wants to ring
  auto producer = KafkaProducer::make(options, identity, bell.descriptor());
  if (!producer) {
    return producer.error();
  }
  Trouble trouble;
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!trouble.final) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      break;
    }
    if (const auto count = (*producer)->count_brokers(std::min(kSlice, left))) {
      return "reachable, " + std::to_string(*count) + (*count == 1 ? " broker" : " brokers");
    }
    listen(**producer, trouble);
  }
  if (trouble.final) {
    return Error{Reaction::Reject,
                 trouble.words + "; check the sasl and ssl settings in properties"};
  }
  return Error{Reaction::Retry,
               "no broker has answered within " + std::to_string(at_most.count()) + " ms" +
                   (trouble.words.empty() ? "" : ": " + trouble.words) +
                   "; check the addresses in brokers, and security.protocol in properties"};
}

}  // namespace sluice
