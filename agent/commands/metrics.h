// The agent's figures for Prometheus.
#pragma once

#include "commands/status.h"
#include "metrics/process_figures.h"

#include <string>

namespace sluice {

// The whole answer to a scrape; the metrics are those of metrics/catalogue.h.
std::string to_metrics(const AgentStatus& status, const ProcessFigures& process);

}  // namespace sluice
