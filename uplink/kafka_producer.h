// librdkafka's producer as the transport needs it. Only kafka_*.cpp include librdkafka's header.
#pragma once

#include "core/result.h"
#include "uplink/kafka_transport.h"
#include "uplink/sender_identity.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct KafkaMessage {
  const char* topic = nullptr;
  std::string_view key;    // empty: none
  std::string_view value;  // copied
  std::string_view flow;
  std::string_view sequence;  // decimal
  void* ticket = nullptr;     // comes back with the report
};

struct KafkaHandlers {
  std::function<void(void* ticket, int code)> reported;                    // 0: it has arrived
  std::function<void(int code, const std::string& words)> broker_trouble;  // it goes on trying
  std::function<void(int code, const std::string& words)> fatal;           // of no use any more
  std::function<void(int code, const std::string& words)> all_brokers_down;
};

// Threads: one at a time; librdkafka has its own, and rings the doorbell when there is something to
//          poll.
// Time:    nothing blocks but count_brokers(), and the destructor, which waits for librdkafka's
//          threads.
class KafkaProducer {
 public:
  // `doorbell` is a descriptor that takes writes of eight bytes, and outlives the producer. Rejects
  // what librdkafka does not accept. Connects on its own.
  static Result<std::unique_ptr<KafkaProducer>> make(const KafkaTransportOptions& options,
                                                     const SenderIdentity& identity, int doorbell);
  virtual ~KafkaProducer() = default;  // what is under way gets no report any more
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  // 0: taken over, a report follows. Otherwise librdkafka's code: nothing follows.
  virtual int produce(const KafkaMessage& message) = 0;
  static bool means_queue_is_full(int code);
  static bool means_record_is_too_large(int code);
  static int record_is_too_large();

  // Calls the handlers for everything that has happened.
  virtual void poll(const KafkaHandlers& handlers) = 0;

  // Asks whatever broker can be reached which brokers there are, and waits for the answer: how
  // many. No answer is no error of its own: what is wrong comes through poll().
  virtual std::optional<std::size_t> count_brokers(std::chrono::milliseconds at_most) = 0;
  static bool means_credentials_are_wrong(int code);

  // Gives up what has been taken over; reports of that follow, with a code unless it had arrived.
  virtual void purge() = 0;

 protected:
  KafkaProducer() = default;
};

}  // namespace sluice
