// librdkafka's mock cluster, in this process, and kcat, which reads it from another one.
#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::testing_support {

struct KafkaRecord {
  std::string key;
  std::string headers;  // name=value, comma separated
  std::string value;
};

class KafkaCluster {
 public:
  explicit KafkaCluster(int brokers = 3) {
    rd_kafka_conf_t* settings = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(settings, nullptr);  // it misses brokers, which it is to be
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, settings, nullptr, 0);
    cluster_ = client_ == nullptr ? nullptr : rd_kafka_mock_cluster_new(client_, brokers);
    if (cluster_ == nullptr) {
      throw std::runtime_error("no mock cluster");
    }
  }
  ~KafkaCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  [[nodiscard]] std::vector<std::string> brokers() const {
    std::vector<std::string> list;
    std::stringstream text(rd_kafka_mock_cluster_bootstraps(cluster_));
    for (std::string one; std::getline(text, one, ',');) {
      list.push_back(one);
    }
    return list;
  }
  void make_topic(const std::string& name, int partitions = 3) {
    rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 3);
  }
  // The next requests to produce are answered like this, one after the other.
  void refuse_next(const std::vector<rd_kafka_resp_err_t>& errors) {
    constexpr std::int16_t kProduce = 0;
    rd_kafka_mock_push_request_errors_array(cluster_, kProduce, errors.size(), errors.data());
  }
  void set_down(int broker) { rd_kafka_mock_broker_set_down(cluster_, broker); }
  void set_up(int broker) { rd_kafka_mock_broker_set_up(cluster_, broker); }
  rd_kafka_mock_cluster_t* get() { return cluster_; }

  // Everything that the topic holds, in the eyes of another program.
  [[nodiscard]] std::vector<KafkaRecord> consume(const std::string& topic) const {
    const TempDirectory directory;
    const std::string output = directory.file("records");
    Process kcat(
        {.arguments = {"kcat", "-C", "-q", "-e", "-b", rd_kafka_mock_cluster_bootstraps(cluster_),
                       "-t", topic, "-o", "beginning", "-f", R"(%k\t%h\t%s\n)"},
         .output = output,
         .environment = {}});
    if (kcat.wait(std::chrono::seconds(60)) != 0) {
      throw std::runtime_error("kcat failed");
    }
    std::vector<KafkaRecord> records;
    std::ifstream lines(output);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t one = line.find('\t');
      const std::size_t two = line.find('\t', one + 1);
      if (two == std::string::npos) {
        throw std::runtime_error("kcat said: " + line);
      }
      records.push_back(
          {line.substr(0, one), line.substr(one + 1, two - one - 1), line.substr(two + 1)});
    }
    return records;
  }

 private:
  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace sluice::testing_support
