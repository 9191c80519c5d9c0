#include "top/top_history.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace sluice {

namespace {

void keep(std::vector<double>& values, double value) {
  if (values.size() == TopHistory::kMost) {
    values.erase(values.begin());
  }
  values.push_back(value);
}

}  // namespace

void TopHistory::add(Instant now, const TopAgent& agent) {
  const double seconds = last_ ? std::chrono::duration<double>(now - *last_).count() : 0;
  for (const TopFlow& flow : agent.flows) {
    const auto [place, is_new] = flows_.try_emplace(flow.name);
    Track& track = place->second;
    const std::uint64_t served = flow.served();
    // An agent that was started again counts from nothing.
    const bool goes_on = flow.arrived >= track.arrived && served >= track.served;
    if (!is_new && goes_on && seconds > 0) {
      keep(track.rates.in, static_cast<double>(flow.arrived - track.arrived) / seconds);
      keep(track.rates.out, static_cast<double>(served - track.served) / seconds);
    }
    track.arrived = flow.arrived;
    track.served = served;
  }
  last_ = now;
}

const TopHistory::Rates& TopHistory::of(const std::string& flow) const {
  static const Rates none;
  const auto found = flows_.find(flow);
  return found != flows_.end() ? found->second.rates : none;
}

double highest(const std::vector<double>& values, std::size_t width) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(width, values.size()));
  return shown > 0 ? *std::max_element(values.end() - shown, values.end()) : 0;
}

std::string sparkline(const std::vector<double>& values, std::size_t width, double top,
                      bool unicode) {
  constexpr std::array<const char*, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<const char*, 8> kLetters{"_", ".", ",", "-", "=", "+", "*", "#"};
  const auto& steps = unicode ? kBlocks : kLetters;
  const std::size_t shown = std::min(width, values.size());
  std::string line(width - shown, ' ');
  for (auto value = values.end() - static_cast<std::ptrdiff_t>(shown); value != values.end();
       ++value) {
    const double part = top > 0 ? std::clamp(*value / top, 0.0, 1.0) : 0;
    line += steps.at(
        static_cast<std::size_t>(std::lround(part * static_cast<double>(steps.size() - 1))));
  }
  return line;
}

}  // namespace sluice
