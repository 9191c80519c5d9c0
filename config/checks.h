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
void complete(Config& config, const Places& places, Findings& findings);

void check_admin(const AdminOptions& admin, const Places& places, Findings& findings);
void check_sources(const Config& config, const Places& places, Findings& findings);
void check_flows(const Config& config, const Places& places, Findings& findings);
void check_sinks(const Config& config, const Places& places, Findings& findings);

// For them: where the value is, or the closest thing around it that the file says.
Place place_of(const Places& places, std::string_view path);

// Options of the section `path` that cannot work, or do not do what one may think.
void check_tls(const TlsOptions& tls, const Url& url, const std::string& path, const Places& places,
               Findings& findings);

}  // namespace sluice::configuration
