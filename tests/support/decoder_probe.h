// Gives a decoder any bytes and looks at what must hold for whatever it makes of them. For the
// fuzzers, and for the test that runs their seeds.
#pragma once

#include "decoders/decoders.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing_support {

class DecoderProbe {
 public:
  // One of those in names().
  explicit DecoderProbe(std::string_view name) : name_(name) {}

  static const std::vector<std::string>& names() {
    static const std::vector<std::string> all = {"json", "csv",         "logfmt", "msgpack",
                                                 "cbor", "sparkplug_b", "struct", "decompress"};
    return all;
  }

  // Decodes what `input` says; returns what is wrong, or nothing. What an input is:
  //   csv          the first byte chooses delimiter and header, the rest is the payload
  //   struct       a line for every field, "name=layout", an empty line, the payload
  //   sparkplug_b  messages, each of a byte that chooses the topic, one with the length of the
  //                payload in units of eight bytes, and the payload
  //   any other    the payload
  std::string look(std::string_view input) {
    wrong_.clear();
    if (name_ == "csv") {
      look_at_csv(input);
    } else if (name_ == "struct") {
      look_at_struct(input);
    } else if (name_ == "sparkplug_b") {
      look_at_sparkplug(input);
    } else {
      const auto decoder = make_decoder(options());
      look_at(*decoder, "t", input);
    }
    return wrong_;
  }

 private:
  static constexpr std::size_t kMostDecompressed = 64UL * 1024;

  [[nodiscard]] DecoderOptions options() const {
    DecoderOptions options;
    options.kind = DecoderKind::Json;
    if (name_ == "logfmt") options.kind = DecoderKind::Logfmt;
    if (name_ == "msgpack") options.kind = DecoderKind::Msgpack;
    if (name_ == "cbor") options.kind = DecoderKind::Cbor;
    if (name_ == "decompress") {
      options.decompress = Decompression::Auto;
      options.max_decompressed_size = kMostDecompressed;
    }
    return options;
  }

  void look_at_csv(std::string_view input) {
    if (input.empty()) {
      return;
    }
    const auto choice = static_cast<unsigned char>(input[0]);
    DecoderOptions options;
    options.kind = DecoderKind::Csv;
    options.csv.delimiter = std::string_view(",;\t|")[choice % 4];
    if ((choice & 4U) != 0) {
      options.csv.header = {"a", "b\"", "c"};
    }
    const auto decoder = make_decoder(options);
    look_at(*decoder, "t", input.substr(1));
  }

  void look_at_struct(std::string_view input) {
    DecoderOptions options;
    options.kind = DecoderKind::Struct;
    while (!input.empty() && input[0] != '\n') {
      const std::string_view line = input.substr(0, input.find('\n'));
      input.remove_prefix(std::min(line.size() + 1, input.size()));
      const std::size_t equal = std::min(line.find('='), line.size());
      const std::string_view layout = line.substr(std::min(equal + 1, line.size()));
      if (line.starts_with("size=")) {
        options.layout.size = layout.size();
      } else if (auto field = parse_struct_field("f" + std::to_string(options.layout.fields.size()),
                                                 layout)) {
        options.layout.fields.push_back(*std::move(field));
      } else {
        demand(field.error().message.starts_with("at character "), "a mistake without a place");
      }
    }
    const bool fits = options.layout.size == 0 || options.layout.needed() <= options.layout.size;
    if (options.layout.fields.empty() || !fits) {
      return;  // which the configuration refuses
    }
    const auto decoder = make_decoder(options);
    look_at(*decoder, "t", input.substr(std::min<std::size_t>(1, input.size())));
  }

  void look_at_sparkplug(std::string_view input) {
    static const std::vector<std::string> topics = {
        "spBv1.0/g/NBIRTH/n",  "spBv1.0/g/NDATA/n",    "spBv1.0/g/DBIRTH/n/d",
        "spBv1.0/g/DDATA/n/d", "spBv1.0/g/NDEATH/n",   "spBv1.0/g/NCMD/n/d",
        "STATE/host",          "spBv1.0/\"/NDATA/\xFF"};
    DecoderOptions options;
    options.kind = DecoderKind::SparkplugB;
    const auto decoder = make_decoder(options);
    while (input.size() >= 2) {
      const std::string& topic = topics[static_cast<unsigned char>(input[0]) % topics.size()];
      const std::size_t size = std::size_t(8) * static_cast<unsigned char>(input[1]);
      const std::string_view payload = input.substr(2, size);
      input.remove_prefix(2 + payload.size());
      look_at(*decoder, topic, payload);
    }
    Stateful& state = *decoder->state();
    const std::string saved = state.save();
    demand(static_cast<bool>(state.restore(saved)), "a state is refused by who has saved it");
    demand(state.save() == saved, "a state is another one after it has been restored");
    demand(!state.changed(), "a state has changed by being saved");
  }

  void look_at(Decoder& decoder, std::string_view topic, std::string_view payload) {
    MessageBatch batch;
    batch.add({.topic = topic, .payload = payload, .received = {}});
    std::vector<Record> records(1);
    decoder.decode(batch[0], records);
    const bool is_blank =
        payload.find_first_not_of(" \t\r\n\xEF\xBB\xBF") == std::string_view::npos;
    demand(records.size() > 1 || is_blank, "a payload has become nothing");
    for (std::size_t i = 1; i < records.size(); ++i) {
      look_at(records[i], topic);
    }
    demand_again(decoder, batch[0], records);
  }

  void look_at(const Record& record, std::string_view topic) {
    demand(record.topic == topic, "a record has another topic");
    switch (record.kind) {
      case BodyKind::Json:
        demand(record.body.find_first_of("\r\n") == std::string_view::npos, "JSON of two lines");
        demand(is_json(record.body), "a body is not JSON");
        return;
      case BodyKind::Text:
        demand(is_text(record.body), "a text is not UTF-8");
        return;
      case BodyKind::Binary:
        return;
    }
  }

  // The same bytes become the same once more, except that a birth explains what came before it.
  void demand_again(Decoder& decoder, const Message& message, const std::vector<Record>& records) {
    std::vector<std::pair<BodyKind, std::string>> before;
    for (std::size_t i = 1; i < records.size(); ++i) {
      before.emplace_back(records[i].kind, records[i].body);
    }
    std::vector<Record> again;
    decoder.decode(message, again);
    bool is_same = again.size() == before.size();
    for (std::size_t i = 0; is_same && i < again.size(); ++i) {
      is_same = again[i].kind == before[i].first && again[i].body == before[i].second;
    }
    demand(is_same || decoder.state() != nullptr, "the same payload has become something else");
  }

  bool is_json(std::string_view body) {
    const auto read = only_record(DecoderKind::Json, body);
    return read && read->kind == BodyKind::Json && read->body == body;
  }

  bool is_text(std::string_view body) {
    const auto read = only_record(DecoderKind::Text, body);
    return read && read->kind == BodyKind::Text;
  }

  std::optional<Record> only_record(DecoderKind kind, std::string_view body) {
    batch_.clear();
    records_.clear();
    batch_.add({.topic = "t", .payload = body, .received = {}});
    reader_ = make_decoder(kind);
    reader_->decode(batch_[0], records_);
    return records_.size() == 1 ? std::optional(records_[0]) : std::nullopt;
  }

  void demand(bool holds, const char* what) {
    if (!holds && wrong_.empty()) {
      wrong_ = what;
    }
  }

  std::string name_;
  std::string wrong_;
  MessageBatch batch_;
  std::vector<Record> records_;
  std::unique_ptr<Decoder> reader_;
};

}  // namespace sluice::testing_support
