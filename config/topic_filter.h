// MQTT topic filters, as far as a configuration can be wrong about them.
// Source: MQTT Version 5.0, OASIS Standard, sections 4.7 and 4.8.2.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace sluice::configuration {

// What may be subscribed to: a filter, or $share/group/filter.
Status check_subscription(const std::string& text);

// What may be compared with a topic: a filter without $share.
Status check_filter(const std::string& text);

bool is_shared(std::string_view subscription);

// The filter inside $share/group/filter; any other subscription is its own filter.
std::string_view filter_of(std::string_view subscription);

// There is a topic that both filters match. Both must be valid and not shared.
bool filters_overlap(std::string_view a, std::string_view b);

}  // namespace sluice::configuration
