// What the error codes of librdkafka mean for the record, or the destination, they are about.
#pragma once

#include "core/transport.h"

#include <string>

namespace sluice {

// `code` is an rd_kafka_resp_err_t that is not 0.
Verdict kafka_verdict(int code);

// "Broker: Message size too large (MSG_SIZE_TOO_LARGE)"
std::string kafka_words(int code);

}  // namespace sluice
