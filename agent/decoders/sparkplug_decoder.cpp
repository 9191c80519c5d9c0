#include "decoders/sparkplug_decoder.h"

#include "core/json_text.h"
#include "decoders/name_set.h"
#include "decoders/original.h"
#include "decoders/payload_decoder.h"
#include "decoders/plain_value.h"
#include "decoders/record_output.h"
#include "decoders/sparkplug_births.h"
#include "decoders/sparkplug_rebirth.h"
#include "decoders/sparkplug_value.h"

#include <protozero/exception.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

// Names and types of aliases: about 40 bytes for each metric, more with long names.
constexpr std::size_t kMostStateBytes = 4UL * 1024 * 1024;

// Members of an object that are written beside each other, as `"name":{…}`, if there are any.
class Members {
 public:
  void clear() { text_.clear(); }

  // Where the value of the member is to be appended.
  std::string& add(std::string_view name) {
    text_ += text_.empty() ? "" : ",";
    append_string(name, text_);
    text_ += ':';
    return text_;
  }

  void write(std::string_view key, std::string& out) const {
    if (!text_.empty()) {
      out += ",\"";
      out += key;
      out += "\":{";
      out += text_;
      out += '}';
    }
  }

 private:
  std::string text_;
};

class SparkplugDecoder final : public Decoder {
 public:
  SparkplugDecoder(RebirthRequests* rebirths, const Clock& clock)
      : births_(kMostStateBytes),
        rebirth_(rebirths, clock),
        host_state_(make_payload_decoder(DecoderKind::Auto)) {}

  void decode(const Message& message, std::vector<Record>& records) override {
    if (add_if_cut(message, records)) {
      return;
    }
    if (is_sparkplug_state(message.topic)) {
      host_state_->decode(message, records);
      return;
    }
    const auto topic = parse_sparkplug_topic(message.topic);
    const std::string_view error = topic ? decode(*topic, message, records) : "not_sparkplug";
    if (!error.empty()) {
      records.push_back(original_bytes(message, message.payload, error));
    }
  }

  Stateful* state() override { return &births_; }

 private:
  // What is wrong with the message as a whole; then it has become no record.
  std::string_view decode(const SparkplugTopic& topic, const Message& message,
                          std::vector<Record>& records) {
    output_.begin(message, records);
    std::string_view error;
    try {
      error = write_records(topic, message);
    } catch (const protozero::exception&) {
      error = "invalid_sparkplug";
    }
    if (error.empty() && !is_valid_utf8(output_.text())) {
      error = "invalid_utf8";
    }
    if (!error.empty()) {
      output_.drop_all();
      return error;
    }
    output_.finish();
    if (topic.is_birth()) {
      births_.learn(topic, born_);
    }
    if (lacks_birth_ && topic.is_data()) {
      rebirth_.ask(topic);
    }
    return {};
  }

  std::string_view write_records(const SparkplugTopic& topic, const Message& message) {
    const SparkplugHead head = read_sparkplug_head(message.payload);
    birth_ = births_.find(topic);
    born_.clear();
    made_names_.clear();
    lacks_birth_ = false;
    time_ = time_of(head, message);
    begin_record(topic, head);
    std::string_view rest = message.payload;
    while (const auto bytes = take_sparkplug_metric(rest)) {
      SparkplugMetric metric = read_sparkplug_metric(*bytes);
      const std::string_view unresolved = resolve(topic, metric);
      if (!names_.insert(metric.name)) {
        end_record();
        begin_record(topic, head);
        names_.insert(metric.name);
      }
      note_error(unresolved);
      write_metric(head, metric);
      if (output_.full() || error_ == "too_deep") {
        return output_.full() ? "too_large" : "too_deep";
      }
    }
    end_record();
    return {};
  }

  static Timestamp time_of(const SparkplugHead& head, const Message& message) {
    constexpr auto kLatest = std::uint64_t(std::numeric_limits<std::int64_t>::max());
    if (!head.timestamp || *head.timestamp == 0 || *head.timestamp > kLatest) {
      return message.received;
    }
    return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(*head.timestamp)));
  }

  // Fills in name and type from the birth. Returns an error if that is not possible: then the name
  // is made up.
  std::string_view resolve(const SparkplugTopic& topic, SparkplugMetric& metric) {
    if (topic.is_birth() && !metric.name.empty()) {
      born_.push_back({.name = metric.name, .alias = metric.alias, .type = metric.type});
    }
    const bool has_name = !metric.name.empty();
    if ((has_name && metric.type != sparkplug_type::kUnknown) || (!has_name && !metric.alias)) {
      return {};
    }
    std::optional<BornMetric> born;
    if (birth_ != nullptr) {
      born = has_name ? birth_->by_name(metric.name) : birth_->by_alias(*metric.alias);
    }
    if (born) {
      metric.name = born->name;
      metric.type = metric.type == sparkplug_type::kUnknown ? born->type : metric.type;
    } else if (!has_name) {
      metric.name = made_names_.emplace_back("alias:" + std::to_string(*metric.alias));
      return "unknown_alias";
    }
    return {};
  }

  void begin_record(const SparkplugTopic& topic, const SparkplugHead& head) {
    names_.clear();
    timestamps_.clear();
    properties_.clear();
    historical_.clear();
    error_ = {};
    std::string& out = output_.text();
    out += R"({"group":)";
    append_string(topic.group, out);
    out += R"(,"type":")";
    out += topic.type;
    out += R"(","node":)";
    append_string(topic.node, out);
    if (!topic.device.empty()) {
      out += R"(,"device":)";
      append_string(topic.device, out);
    }
    if (head.seq) {
      out += R"(,"seq":)";
      append_number(*head.seq, out);
    }
    if (head.timestamp) {
      out += R"(,"timestamp":)";
      append_number(*head.timestamp, out);
    }
    write_rest_of_head(head, out);
    out += R"(,"metrics":{)";
    is_first_ = true;
  }

  static void write_rest_of_head(const SparkplugHead& head, std::string& out) {
    if (!head.uuid.empty()) {
      out += R"(,"uuid":)";
      append_string(head.uuid, out);
    }
    if (!head.body.empty()) {
      out += R"(,"body":")";
      append_base64(head.body, out);
      out += '"';
    }
  }

  void write_metric(const SparkplugHead& head, const SparkplugMetric& metric) {
    std::string& out = output_.text();
    out += is_first_ ? "" : ",";
    is_first_ = false;
    append_string(metric.name, out);
    out += ':';
    note_error(append_sparkplug_value(metric, out));
    if (metric.timestamp && metric.timestamp != head.timestamp) {
      append_number(*metric.timestamp, timestamps_.add(metric.name));
    }
    if (!metric.properties.empty()) {
      note_error(append_sparkplug_properties(metric.properties, properties_.add(metric.name)));
    }
    if (metric.is_historical) {
      historical_.add(metric.name) += "true";
    }
  }

  void note_error(std::string_view error) {
    lacks_birth_ = lacks_birth_ || error == "unknown_alias" || error == "unknown_datatype";
    if (error_.empty() || error == "too_deep") {
      error_ = error.empty() ? error_ : error;
    }
  }

  void end_record() {
    std::string& out = output_.text();
    out += '}';
    timestamps_.write("timestamps", out);
    properties_.write("properties", out);
    historical_.write("historical", out);
    out += '}';
    output_.add(time_, error_);
  }

  SparkplugBirths births_;
  SparkplugRebirth rebirth_;
  std::unique_ptr<Decoder> host_state_;
  RecordOutput output_;

  // Of the message:
  const SparkplugBirth* birth_ = nullptr;
  std::vector<BornMetric> born_;
  std::deque<std::string> made_names_;  // they stay where they are
  bool lacks_birth_ = false;            // what is missing is in a birth
  Timestamp time_;

  // Of the record:
  NameSet names_;
  Members timestamps_;
  Members properties_;
  Members historical_;
  std::string_view error_;  // the first
  bool is_first_ = true;
};

}  // namespace

std::unique_ptr<Decoder> make_sparkplug_decoder(RebirthRequests* rebirths, const Clock& clock) {
  return std::make_unique<SparkplugDecoder>(rebirths, clock);
}

}  // namespace sluice
