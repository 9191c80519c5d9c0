#include "commands/status.h"

#include "admin/json_writer.h"

#include <fmt/format.h>

namespace sluice {

namespace {

void write_text_or_null(const char* name, const std::string& text, JsonWriter& json) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.value(text);
  }
}

void write_buffer(const BufferCounts& buffer, JsonWriter& json) {
  json.key("buffer").begin_object();
  json.field("held_blocks", buffer.held_blocks).field("held_records", buffer.held_records);
  json.field("held_bytes", buffer.held_bytes).field("waiting_bytes", buffer.waiting_bytes);
  json.field("commits", buffer.commits).field("stored_bytes", buffer.stored_bytes);
  json.field("damaged_blocks", buffer.damaged_blocks);
  write_text_or_null("trouble", buffer.trouble, json);
  json.end_object();
}

void write_sink(const DispatcherCounts& sink, JsonWriter& json) {
  json.begin_object().field("blocks", sink.blocks).field("records", sink.records);
  json.field("bytes", sink.bytes).field("retries", sink.retries);
  write_text_or_null("last_error", sink.last_error, json);
  json.end_object();
}

}  // namespace

std::string to_json(const AgentStatus& status) {
  JsonWriter json;
  json.begin_object().field("version", status.version).field("agent", status.agent);
  json.field("epoch", fmt::format("{:016x}", status.epoch));
  const AgentCounts& counts = status.counts;
  json.field("received", counts.received).field("acknowledged", counts.acknowledged);
  json.field("redelivered", counts.redelivered).field("records", counts.records);
  json.field("delivered", counts.delivered);
  write_buffer(status.buffer, json);
  json.key("sinks").begin_object();
  for (const auto& [name, sink] : status.sinks) {
    json.key(name);
    write_sink(sink, json);
  }
  json.end_object().end_object();
  return json.text() + '\n';
}

}  // namespace sluice
