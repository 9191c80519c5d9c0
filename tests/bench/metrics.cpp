// What a scrape costs: makes the page of an agent with many flows, each with one sink of its own
// and all figures known, and prints the CPU time for one page, and for one look at the flows.
//
//   sluice-metrics-bench [FLOWS] [PAGES]
#include "commands/metrics.h"

#include "commands/queue_watch.h"

#include <ctime>
#include <iostream>
#include <string>

namespace sluice {
namespace {

AgentStatus agent_with(std::size_t flows) {
  AgentStatus status{.version = "1.0.0",
                     .agent = "bench",
                     .epoch = 1,
                     .now = system_clock().now(),
                     .counts = {},
                     .buffer = {},
                     .flows = {},
                     .sources = {},
                     .sinks = {}};
  status.sources["plant"] = {.messages = 123'456'789, .connected = true};
  for (std::size_t i = 0; i < flows; ++i) {
    const std::string sink = "sink-" + std::to_string(i);
    FlowStatus& flow = status.flows["flow-" + std::to_string(i)];
    for (const char* what : {"stored", "requeued", "delivered", "dead", "damaged", "dropped_full",
                             "dropped_disk", "dropped_age", "dropped_purged", "dropped_dead"}) {
      flow.ledger[what] = 1'000'003 * i;
    }
    FeedCounts feed{.flow = FlowIndex(i)};
    feed.seconds_to_confirm.add(1.7 * static_cast<double>(i), 1'000'000);
    flow.feeds.emplace(sink, feed);
    status.sinks[sink].counts.feeds.push_back(feed);
  }
  return status;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class Work>
double milliseconds_of(std::size_t times, Work work) {
  const double begun = cpu_seconds();
  for (std::size_t i = 0; i < times; ++i) {
    work();
  }
  return (cpu_seconds() - begun) * 1'000 / static_cast<double>(times);
}

void run(std::size_t flows, std::size_t pages) {
  AgentStatus status = agent_with(flows);
  QueueWatch watch;
  Instant now(std::chrono::hours(1));
  const double look = milliseconds_of(pages, [&] {
    watch.look(now, status);
    now += std::chrono::seconds(1);
  });
  std::size_t bytes = 0;
  const double page = milliseconds_of(pages, [&] {
    watch.tell(status);
    bytes = to_metrics(status, process_figures()).size();
  });
  std::cout << "flows=" << flows << " page_bytes=" << bytes << " cpu_ms_per_page=" << page
            << " cpu_ms_per_look=" << look << '\n';
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  sluice::run(argc > 1 ? std::stoul(argv[1]) : 50, argc > 2 ? std::stoul(argv[2]) : 200);
}
