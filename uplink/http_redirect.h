// Where a redirect leads, and whether to go there.
#pragma once

#include "core/result.h"
#include "net/url.h"

#include <string_view>

namespace sluice {

// Same scheme, host and port: what may be told to one may be told to the other.
bool same_origin(const Url& one, const Url& other);

// The status keeps method and body: 307 and 308. The others would turn a POST into a GET.
bool is_redirect(unsigned status);

// `location` is what the answer said, absolute or relative to `from`. Rejects what is not a URL of
// http or https, and what leads from https to http. Credentials in it are dropped.
Result<Url> redirect_target(const Url& from, std::string_view location);

}  // namespace sluice
