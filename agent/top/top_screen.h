// What `sluice top` shows, as lines of text: the same on a terminal and with --once.
#pragma once

#include "top/top_agent.h"
#include "top/top_history.h"
#include "top/top_view.h"

#include <vector>

namespace sluice {

// No line is longer than view.columns.
std::vector<TopLine> top_lines(const TopAgent& agent, const TopHistory& history,
                               const TopView& view);

}  // namespace sluice
