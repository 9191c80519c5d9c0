// A flow as a queue: how fast it fills, how fast it is emptied, how long records stay, and when it
// is full or empty if that goes on.
//
// Records arrive when the intake has written them, wait in memory and on the disk, and leave when
// every sink is through with them. A sink that has something of the flow to deliver is busy,
// whether it gets through or not: its waits for answers, between attempts and for the turns of
// other flows are part of the service.
//
//   λ   arrival rate       Δarrived / Δt
//   μ   service rate       Δserved / Δbusy, of one sink; of the flow: that of its slowest sink
//   ρ   utilization        λ / μ; from 1 on the flow fills (queue M/M/1 and every other: a queue is
//                          stable only as long as ρ < 1)
//   L   in the system      held now; its mean is ∫held dt / Δt
//   W   time in the system measured: Δ(Σ seconds to confirm) / Δ(records timed), of one sink; of
//                          the flow: that of its slowest sink
//       by Little's law    mean L / λ. L = λW holds for every queue in a steady state (J. D. C.
//                          Little, "A Proof for the Queuing Formula: L = λW", Operations Research
//                          9(3), 1961), so when the two differ much, the flow is not steady:
//                          it fills, drains, or drops records
//       time to full       free bytes / ((λ - μ) · bytes per record), while λ > μ
//       time to drain      L / (μ - λ), while μ > λ
//
// Δ is over the window: the last minute, up to 5 seconds more, less in the minute after the start.
#pragma once

#include "core/clock.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace sluice {

// What is known of one sink of the flow. Totals that only rise.
struct ServiceReading {
  std::uint64_t served = 0;  // records that it is through with
  std::chrono::nanoseconds busy{0};
  std::uint64_t timed = 0;  // of these, records of which the time in the system is known
  double seconds = 0;       // their sum of it
};

struct QueueReading {
  std::uint64_t arrived = 0;  // records; a total that only rises
  std::uint64_t held = 0;     // records that are in the system now
  // Of what is on the disk now.
  std::uint64_t stored_records = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t free_bytes = 0;          // until there is no room, in the flow or in the file
  std::vector<ServiceReading> services;  // always the same sinks in the same order
};

// What is not known is nothing: a rate of service without a moment of it, a time nobody has spent.
struct ServiceFigures {
  std::optional<double> service_rate;    // records a second
  std::optional<double> utilization;     // infinite if nothing is served
  std::optional<double> time_in_system;  // seconds
};

struct QueueFigures {
  std::uint64_t held = 0;
  double arrival_rate = 0;  // records a second
  double mean_held = 0;
  ServiceFigures slowest;             // each figure that of the sink where it is worst
  std::optional<double> little_time;  // seconds
  // Seconds; infinite if that is not where it goes.
  std::optional<double> time_to_full;
  std::optional<double> time_to_drain;
  std::vector<ServiceFigures> services;
};

// One thread at a time.
class QueueMeter {
 public:
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::chrono::seconds kBetweenSamples{5};

  // To be called once a second or so; between two looks `held` is taken to change evenly.
  void look(Instant now, QueueReading reading);

  [[nodiscard]] QueueFigures figures() const;

 private:
  struct Sample {
    Instant time;
    QueueReading reading;
    double held_seconds = 0;  // ∫held dt since the first look
  };

  static ServiceFigures figures_of(const ServiceReading& before, const ServiceReading& after,
                                   double arrival_rate);
  static ServiceFigures worst_of(const std::vector<ServiceFigures>& services);
  void foresee(QueueFigures& figures) const;

  std::deque<Sample> window_;  // the oldest first; the last is that of the last look
};

}  // namespace sluice
