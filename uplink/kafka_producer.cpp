#include "uplink/kafka_producer.h"

#include "core/c_handle.h"
#include "uplink/hex.h"
#include "uplink/kafka_errors.h"
#include "uplink/kafka_settings.h"

#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <array>
#include <cstdint>

namespace sluice {

namespace {

constexpr std::size_t kErrorBytes = 512;

using Event = CHandle<rd_kafka_event_t, rd_kafka_event_destroy>;
using Queue = CHandle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Headers = CHandle<rd_kafka_headers_t, rd_kafka_headers_destroy>;

void end_client(rd_kafka_t* client) {
  // What nobody waits for any more must not be waited for by librdkafka either.
  rd_kafka_purge(
      client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_destroy(client);
}
using Client = CHandle<rd_kafka_t, end_client>;

// On librdkafka's threads. What matters arrives as an event, too.
void log_line(const rd_kafka_t* /*client*/, int level, const char* facility, const char* text) {
  if (level <= LOG_WARNING) {
    spdlog::debug("librdkafka says {} text=\"{}\"", facility, text);
  } else {
    spdlog::trace("librdkafka says {} text=\"{}\"", facility, text);
  }
}

// librdkafka reads what its interface calls writable.
void* readable(std::string_view text) {
  return const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

class Producer final : public KafkaProducer {
 public:
  Producer(Client client, const SenderIdentity& identity, int doorbell)
      : agent_(identity.agent),
        epoch_(hex_of(identity.epoch)),
        client_(std::move(client)),
        queue_(rd_kafka_queue_get_main(client_.get())) {
    static constexpr std::uint64_t kOne = 1;
    rd_kafka_queue_io_event_enable(queue_.get(), doorbell, &kOne, sizeof(kOne));
    arguments_[kFlags].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    arguments_[kFlags].u.i = RD_KAFKA_MSG_F_COPY;
    arguments_[kTopic].vtype = RD_KAFKA_VTYPE_TOPIC;
    arguments_[kKey].vtype = RD_KAFKA_VTYPE_KEY;
    arguments_[kValue].vtype = RD_KAFKA_VTYPE_VALUE;
    arguments_[kTicket].vtype = RD_KAFKA_VTYPE_OPAQUE;
    arguments_[kHeaders].vtype = RD_KAFKA_VTYPE_HEADERS;
  }
  ~Producer() override {
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
    queue_.reset();  // before the client it belongs to
  }
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  int produce(const KafkaMessage& message) override {
    arguments_[kTopic].u.cstr = message.topic;
    arguments_[kKey].u.mem = {message.key.empty() ? nullptr : readable(message.key),
                              message.key.size()};
    arguments_[kValue].u.mem = {readable(message.value), message.value.size()};
    arguments_[kTicket].u.ptr = message.ticket;
    // As one list, because produceva() of 2.0 frees single headers twice when it fails.
    Headers headers = headers_of(message);
    arguments_[kHeaders].u.headers = headers.get();
    rd_kafka_error_t* error =
        rd_kafka_produceva(client_.get(), arguments_.data(), arguments_.size());
    if (error == nullptr) {
      static_cast<void>(headers.release());  // taken over with the message, and only then
      return 0;
    }
    const int code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
  }

  void poll(const KafkaHandlers& handlers) override {
    while (const Event event{rd_kafka_queue_poll(queue_.get(), 0)}) {
      switch (rd_kafka_event_type(event.get())) {
        case RD_KAFKA_EVENT_DR:
          report(event.get(), handlers);
          break;
        case RD_KAFKA_EVENT_ERROR:
          tell_error(event.get(), handlers);
          break;
        default:  // nothing else has been asked for
          break;
      }
    }
  }

  std::optional<std::size_t> count_brokers(std::chrono::milliseconds at_most) override {
    constexpr int kAllTopics = 0;  // no: of those that are known, which are none
    const rd_kafka_metadata_t* answer = nullptr;
    if (rd_kafka_metadata(client_.get(), kAllTopics, nullptr, &answer,
                          static_cast<int>(at_most.count())) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::nullopt;
    }
    const CHandle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy> metadata(answer);
    return static_cast<std::size_t>(metadata->broker_cnt);
  }

  void purge() override {
    // Cannot fail with these flags.
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }

 private:
  // Where each argument of a message is.
  static constexpr std::size_t kFlags = 0;
  static constexpr std::size_t kTopic = 1;
  static constexpr std::size_t kKey = 2;
  static constexpr std::size_t kValue = 3;
  static constexpr std::size_t kTicket = 4;
  static constexpr std::size_t kHeaders = 5;
  static constexpr std::size_t kArguments = 6;

  [[nodiscard]] Headers headers_of(const KafkaMessage& message) const {
    constexpr std::size_t kHeaderCount = 4;
    Headers headers(rd_kafka_headers_new(kHeaderCount));
    add(headers, "sluice-agent", agent_);
    add(headers, "sluice-epoch", epoch_);
    add(headers, "sluice-flow", message.flow);
    add(headers, "sluice-seq", message.sequence);
    return headers;
  }

  // Copies; fails only on lists that may not be changed.
  static void add(const Headers& headers, std::string_view name, std::string_view value) {
    rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }

  static void report(rd_kafka_event_t* event, const KafkaHandlers& handlers) {
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
      handlers.reported(message->_private, message->err);
    }
  }

  void tell_error(rd_kafka_event_t* event, const KafkaHandlers& handlers) const {
    const int code = rd_kafka_event_error(event);
    const std::string words = rd_kafka_event_error_string(event);
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      std::array<char, kErrorBytes> why{};
      const int cause = rd_kafka_fatal_error(client_.get(), why.data(), why.size());
      handlers.fatal(cause, why.data());
    } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      handlers.all_brokers_down(code, words);
    } else {
      handlers.broker_trouble(code, words);
    }
  }

  const std::string agent_;
  const std::string epoch_;
  std::array<rd_kafka_vu_t, kArguments> arguments_{};
  Client client_;
  Queue queue_;
};

}  // namespace

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::make(const KafkaTransportOptions& options,
                                                           const SenderIdentity& identity,
                                                           int doorbell) {
  auto settings = make_kafka_settings(options);
  if (!settings) {
    return settings.error();
  }
  rd_kafka_conf_set_events(settings->get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  rd_kafka_conf_set_log_cb(settings->get(), log_line);
  std::array<char, kErrorBytes> why{};
  Client client(rd_kafka_new(RD_KAFKA_PRODUCER, settings->get(), why.data(), why.size()));
  if (!client) {
    return Error{Reaction::Reject, std::string("librdkafka refuses its settings: ") + why.data()};
  }
  // It has taken them over, and only now.
  static_cast<void>(settings->release());
  return std::unique_ptr<KafkaProducer>(
      std::make_unique<Producer>(std::move(client), identity, doorbell));
}

bool KafkaProducer::means_queue_is_full(int code) {
  return code == RD_KAFKA_RESP_ERR__QUEUE_FULL;
}

bool KafkaProducer::means_record_is_too_large(int code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

bool KafkaProducer::means_credentials_are_wrong(int code) {
  return code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

int KafkaProducer::record_is_too_large() {
  return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

}  // namespace sluice
