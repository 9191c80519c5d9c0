// The destinations of the contract tests: each can be made, asked what it has received, sent away
// and brought back.
#pragma once

#include "core/result.h"
#include "core/transport.h"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sluice::contract_tests {

class FarSide {
 public:
  virtual ~FarSide() = default;
  // Short time-outs.
  virtual Result<std::unique_ptr<Transport>> make(boost::asio::io_context& io) = 0;
  virtual void leave() = 0;
  virtual void come_back() = 0;
  // Every line it has, in the order in which it has them; `count` at least are expected.
  virtual std::vector<std::string> lines(std::size_t count) = 0;
  // Whether it tells a repetition itself, so that nothing arrives twice.
  [[nodiscard]] virtual bool recognises_repetitions() const { return false; }
};

std::unique_ptr<FarSide> make_http();
std::unique_ptr<FarSide> make_kafka();
std::unique_ptr<FarSide> make_mqtt_blocks();
std::unique_ptr<FarSide> make_mqtt_records();
std::unique_ptr<FarSide> make_files();
std::unique_ptr<FarSide> make_compressed_files();
std::unique_ptr<FarSide> make_standard_output();

}  // namespace sluice::contract_tests
