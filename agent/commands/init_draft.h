// What `sluice init` has been told so far, and the file that comes of it.
#pragma once

#include "config/config.h"
#include "core/result.h"

#include <string>
#include <vector>

namespace sluice {

// An address as it was typed, taken apart: what proves who the agent is must not stay in it.
struct InitPlace {
  std::string url;  // without user and password
  std::string user{};
  std::string password{};
};

struct InitDraft {
  InitPlace broker;
  std::vector<std::string> topics;
  InitPlace endpoint;
};

// Text that is no URL stays as it is, to be refused by the configuration's own rules.
InitPlace init_place(const std::string& typed);

// a, b, c
std::vector<std::string> init_topics(const std::string& typed);

// The file, with comments. Passwords stand in it as references to password_file().
std::string init_text(const InitDraft& draft, const std::string& output);
// Where the password of the source or sink belongs, beside the configuration:
// /etc/sluice/plant.password
std::string password_file(const std::string& output, const std::string& name);

constexpr const char* kInitSource = "local";
constexpr const char* kInitSink = "cloud";

// What the file means once its passwords are where it looks for them. Rejects with the first thing
// that `sluice check` would find.
Result<Config> init_config_of(const InitDraft& draft, const std::string& output);

// The same for one answer, whatever the others will be; an empty text: it is good.
std::string problem_with_broker(const std::string& typed);
std::string problem_with_topics(const std::string& typed);
std::string problem_with_endpoint(const std::string& typed);

}  // namespace sluice
