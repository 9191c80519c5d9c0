#include "commands/init_draft.h"

#include "net/url.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace sluice {

namespace {

// What stands for the answers that a check is not about.
const InitDraft& harmless() {
  static const InitDraft draft{.broker = {.url = "mqtt://localhost"},
                               .topics = {"a"},
                               .endpoint = {.url = "http://localhost"}};
  return draft;
}

// In double quotes, and with nothing in it that the file would replace.
std::string in_quotes(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    } else if (c == '$') {
      result += '$';
    }
    result += c;
  }
  return result + '"';
}

std::string listed(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    list += (list.empty() ? "" : ", ") + in_quotes(text);
  }
  return '[' + list + ']';
}

std::string password_line(const std::string& indent, const std::string& output,
                          const std::string& name) {
  return indent +
         "# Only the file named here holds it; the agent's user must be able to read it.\n" +
         indent + "password: \"${file:" + password_file(output, name) + "}\"\n";
}

std::string source_credentials(const InitPlace& broker, const std::string& output) {
  if (broker.user.empty()) {
    return "    # username: sluice\n"
           "    # password: \"${MQTT_PASSWORD}\"   # from the environment, or \"${file:/path}\"\n";
  }
  return "    username: " + in_quotes(broker.user) + '\n' +
         (broker.password.empty() ? "" : password_line("    ", output, kInitSource));
}

std::string sink_credentials(const InitPlace& endpoint, const std::string& output) {
  if (endpoint.user.empty()) {
    return "    # auth: {bearer: \"${INGEST_TOKEN}\"}  # from the environment, or "
           "\"${file:/path}\"\n";
  }
  return "    auth:\n      basic:\n        username: " + in_quotes(endpoint.user) + '\n' +
         (endpoint.password.empty() ? "" : password_line("        ", output, kInitSink));
}

std::string text_of(const InitDraft& draft, const std::string& output) {
  return R"(# Configuration of sluice, made by `sluice init`. Every key: man sluice.yaml, or `sluice docs`.
# After a change:  sluice check -c FILE --connect

agent:
  # The buffer: what has been collected and not delivered yet. It must survive a reboot.
  data_dir: /var/lib/sluice

sources:
  )" + std::string(kInitSource) +
         R"(:
    type: mqtt
    url: )" +
         in_quotes(draft.broker.url) + "   # mqtt, mqtts, ws or wss\n" +
         source_credentials(draft.broker, output) + "    topics: " + listed(draft.topics) +
         R"(
    # tls: {ca: /etc/sluice/ca.pem}     # for mqtts and wss: who has signed the broker's certificate

flows:
  everything:
    from: [)" +
         kInitSource + "]\n    to: [" + kInitSink + R"(]
    # What happens when the buffer is full, how long records are kept, …: man sluice.yaml

sinks:
  )" + kInitSink +
         R"(:
    type: http
    url: )" +
         in_quotes(draft.endpoint.url) + '\n' + sink_credentials(draft.endpoint, output) +
         "    # tls: {ca: /etc/sluice/ca.pem}     # for https: an issuer that the system does not "
         "know\n";
}

// Without passwords: their files need not be there yet.
Result<Config> parsed(InitDraft draft, const std::string& output) {
  const std::string broker_password = std::exchange(draft.broker.password, {});
  const std::string endpoint_password = std::exchange(draft.endpoint.password, {});
  LoadedConfig loaded = parse_config(text_of(draft, output), output);
  if (!loaded.ok()) {
    const auto error =
        std::ranges::find(loaded.diagnostics, Severity::Error, &Diagnostic::severity);
    return Error{Reaction::Reject, error->message};
  }
  loaded.config.sources.front().mqtt.password = broker_password;
  loaded.config.sinks.front().http.auth.password = endpoint_password;
  return std::move(loaded.config);
}

std::string problem_with(InitDraft draft) {
  for (const InitPlace* place : {&draft.broker, &draft.endpoint}) {
    const auto url = parse_url(place->url);
    if (url && !url->password.empty()) {
      return "the URL has a password, but no user";
    }
  }
  const auto config = parsed(std::move(draft), "sluice.yaml");
  return config ? std::string() : config.error().message;
}

}  // namespace

InitPlace init_place(const std::string& typed) {
  const auto url = parse_url(typed);
  if (!url || url->user.empty()) {
    return {.url = typed};
  }
  const std::string target = url->target == "/" ? "" : url->target;
  return {.url = url->scheme + "://" + url->authority() + target,
          .user = url->user,
          .password = url->password};
}

std::vector<std::string> init_topics(const std::string& typed) {
  constexpr const char* kSpace = " \t";
  std::vector<std::string> topics;
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t end = typed.find(',', at);
    std::string topic = typed.substr(at, end - at);
    topic.erase(0, std::min(topic.find_first_not_of(kSpace), topic.size()));
    topic.erase(topic.find_last_not_of(kSpace) + 1);
    topics.push_back(std::move(topic));
    at = end == std::string::npos ? end : end + 1;
  }
  return topics;
}

std::string init_text(const InitDraft& draft, const std::string& output) {
  return text_of(draft, output);
}

std::string password_file(const std::string& output, const std::string& name) {
  const auto directory = std::filesystem::absolute(output).lexically_normal().parent_path();
  return directory / (name + ".password");
}

Result<Config> init_config_of(const InitDraft& draft, const std::string& output) {
  return parsed(draft, output);
}

std::string problem_with_broker(const std::string& typed) {
  InitDraft draft = harmless();
  draft.broker = init_place(typed);
  return problem_with(std::move(draft));
}

std::string problem_with_topics(const std::string& typed) {
  InitDraft draft = harmless();
  draft.topics = init_topics(typed);
  return problem_with(std::move(draft));
}

std::string problem_with_endpoint(const std::string& typed) {
  InitDraft draft = harmless();
  draft.endpoint = init_place(typed);
  return problem_with(std::move(draft));
}

}  // namespace sluice
