// What no single value can be wrong about: the pieces must fit together.
#pragma once

#include "config/config.h"
#include "config/findings.h"
#include "config/reader.h"

#include <string>
#include <string_view>

namespace sluice::configuration {

// Fills in what follows from other values: default names, credentials out of URLs, the parts of
// `agent` and `flows` that sources and buffer need, the flows' hashes.
void complete(Config& config, const Reading& reading, Findings& findings);

void check_admin(const AdminOptions& admin, const Places& places, Findings& findings);
void check_sources(const Config& config, const Places& places, Findings& findings);
void check_flows(const Config& config, const Places& places, Findings& findings);
void check_decoder(const FlowConfig& flow, const Places& places, Findings& findings);
void check_tests(const Config& config, const Places& places, Findings& findings);
void check_sinks(const Config& config, const Places& places, Findings& findings);

// Those parts of the two that depend on the kind of the sink.
void complete_sink(SinkConfig& sink, const Config& config, const Places& places,
                   Findings& findings);
void check_sink_of_kind(const SinkConfig& sink, const Config& config, const Places& places,
                        Findings& findings);
void check_http(const HttpTransportOptions& http, const std::string& path, const Places& places,
                Findings& findings);

// For them: where the value is, or the closest thing around it that the file says.
Place place_of(const Places& places, std::string_view path);

// scheme://user:password@host is a way to write username and password. `section` is the other.
void move_credentials(Url& url, std::string& username, std::string& password,
                      const std::string& path, const std::string& section, const Places& places,
                      Findings& findings);

// Options of the section `path` that cannot work, or do not do what one may think.
void check_tls(const TlsOptions& tls, const Url& url, const std::string& path, const Places& places,
               Findings& findings);

}  // namespace sluice::configuration
