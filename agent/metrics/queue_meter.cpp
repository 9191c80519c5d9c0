#include "metrics/queue_meter.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// Of totals that only rise. A reading is not taken at one instant, so it is not taken for granted.
double rise(std::uint64_t before, std::uint64_t after) {
  return static_cast<double>(std::max(before, after) - before);
}

}  // namespace

void QueueMeter::look(Instant now, QueueReading reading) {
  Sample sample{.time = now, .reading = std::move(reading)};
  if (!window_.empty()) {
    const Sample& last = window_.back();
    const auto mean =
        (static_cast<double>(last.reading.held) + static_cast<double>(sample.reading.held)) / 2;
    sample.held_seconds = last.held_seconds + mean * seconds(now - last.time);
  }
  // The last look becomes a sample only if the one before it is far enough away.
  if (window_.size() >= 2 && now - window_[window_.size() - 2].time <= kBetweenSamples) {
    window_.pop_back();
  }
  window_.push_back(std::move(sample));
  while (window_.size() > 2 && now - window_[1].time >= kWindow) {
    window_.pop_front();
  }
}

QueueFigures QueueMeter::figures() const {
  QueueFigures figures;
  if (window_.empty()) {
    return figures;
  }
  const Sample& first = window_.front();
  const Sample& last = window_.back();
  figures.held = last.reading.held;
  figures.mean_held = static_cast<double>(last.reading.held);
  const double time = seconds(last.time - first.time);
  if (time <= 0) {
    return figures;
  }
  figures.arrival_rate = rise(first.reading.arrived, last.reading.arrived) / time;
  figures.mean_held = (last.held_seconds - first.held_seconds) / time;
  if (figures.arrival_rate > 0) {
    figures.little_time = figures.mean_held / figures.arrival_rate;
  }
  for (std::size_t i = 0; i < last.reading.services.size(); ++i) {
    figures.services.push_back(
        figures_of(first.reading.services.at(i), last.reading.services[i], figures.arrival_rate));
  }
  figures.slowest = worst_of(figures.services);
  foresee(figures);
  return figures;
}

ServiceFigures QueueMeter::figures_of(const ServiceReading& before, const ServiceReading& after,
                                      double arrival_rate) {
  ServiceFigures figures;
  if (const double busy = seconds(after.busy - before.busy); busy > 0) {
    const double rate = rise(before.served, after.served) / busy;
    figures.service_rate = rate;
    if (rate > 0) {
      figures.utilization = arrival_rate / rate;
    } else if (arrival_rate > 0) {
      figures.utilization = kNever;
    }
  }
  if (const double timed = rise(before.timed, after.timed); timed > 0) {
    figures.time_in_system = (after.seconds - before.seconds) / timed;
  }
  return figures;
}

ServiceFigures QueueMeter::worst_of(const std::vector<ServiceFigures>& services) {
  ServiceFigures worst;
  for (const ServiceFigures& each : services) {
    if (each.service_rate) {
      worst.service_rate = std::min(*each.service_rate, worst.service_rate.value_or(kNever));
    }
    // Nothing compares below everything.
    worst.utilization = std::max(worst.utilization, each.utilization);
    worst.time_in_system = std::max(worst.time_in_system, each.time_in_system);
  }
  return worst;
}

void QueueMeter::foresee(QueueFigures& figures) const {
  const QueueReading& now = window_.back().reading;
  const std::optional<double> service_rate = figures.slowest.service_rate;
  if (!service_rate) {
    // No sink had anything to do.
    figures.time_to_full = kNever;
    if (now.held == 0) {
      figures.time_to_drain = 0;
    }
    return;
  }
  const double growth = figures.arrival_rate - *service_rate;
  const auto held = static_cast<double>(now.held);
  figures.time_to_drain = now.held == 0 ? 0 : growth < 0 ? held / -growth : kNever;
  if (growth <= 0) {
    figures.time_to_full = kNever;
  } else if (now.stored_records > 0) {
    const double bytes_of_one =
        static_cast<double>(now.stored_bytes) / static_cast<double>(now.stored_records);
    figures.time_to_full = static_cast<double>(now.free_bytes) / (growth * bytes_of_one);
  }
}

}  // namespace sluice
