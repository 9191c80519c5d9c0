#include "top/top_screen.h"

#include "core/join.h"
#include "tools/text.h"
#include "top/top_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kReasons = 3;  // lines for them at most
constexpr std::size_t kRate = 7;
constexpr std::size_t kBusy = 5;
constexpr std::size_t kBacklog = 8;
constexpr std::size_t kSpan = 7;
constexpr double kHurry = 4 * 3600;  // seconds to full from which somebody should hurry

// How wide the columns are that grow with the window.
struct FlowWidths {
  std::size_t name = 12;
  std::size_t plot = 9;
};

FlowWidths widths_for(const TopView& view) {
  constexpr std::size_t kOthers = 2 * kRate + kBusy + kBacklog + 2 * kSpan + 6;  // with gaps
  constexpr std::size_t kWidestPlot = 40;
  constexpr std::size_t kWidestName = 32;
  FlowWidths widths;
  const std::size_t left = std::max<std::size_t>(view.columns, 80) - kOthers;
  if (!view.plots) {
    return {.name = std::min(kWidestName, left), .plot = 0};
  }
  const std::size_t spare = left - widths.name - 2 * (widths.plot + 1);
  const std::size_t more = std::min(kWidestName - widths.name, spare / 3);
  widths.name += more;
  widths.plot += std::min(kWidestPlot - widths.plot, (spare - more) / 2);
  return widths;
}

TopStyle style_of(const std::string& health) {
  if (health == "ok") {
    return TopStyle::Good;
  }
  return health == "failing" ? TopStyle::Bad : TopStyle::Warn;
}

std::optional<double> seconds_since(std::optional<Timestamp> then, Timestamp now) {
  return then ? std::optional(std::chrono::duration<double>(now - *then).count()) : std::nullopt;
}

double rate_of(const std::vector<double>& rates, double otherwise) {
  return rates.empty() ? otherwise : rates.back();
}

class Screen {
 public:
  Screen(const TopAgent& agent, const TopHistory& history, const TopView& view)
      : agent_(agent), history_(history), view_(view), widths_(widths_for(view)) {}

  std::vector<TopLine> lines() && {
    add_head();
    add_flows();
    add_sinks();
    add_sources();
    add_buffer();
    return std::move(lines_);
  }

 private:
  void add(std::vector<TopSpan> spans, std::string row = {}) {
    std::size_t room = view_.columns;
    for (TopSpan& span : spans) {
      span.text = cut_to(span.text, room);
      room -= columns_of(span.text);
    }
    lines_.push_back({std::move(spans), std::move(row)});
  }

  // As many lines as the words need.
  void add_wrapped(const std::string& text, const std::string& indent, TopStyle style,
                   std::size_t most = std::numeric_limits<std::size_t>::max()) {
    std::string_view rest = text;
    for (std::size_t i = 0; i < most && !rest.empty(); ++i) {
      std::string line = cut_to(rest, view_.columns - indent.size());
      const std::size_t space = line.rfind(' ');
      if (line.size() < rest.size() && space != std::string::npos && space > 0) {
        line.resize(space);
      }
      rest.remove_prefix(line.size());
      rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
      add({{indent + line, style}});
    }
  }

  void add_head() {
    const std::string title = "sluice top  " + agent_.name + "  ";
    const std::string time = time_text(agent_.time);
    const std::size_t used = columns_of(title) + agent_.health.size() + columns_of(time);
    const std::string gap(view_.plots && used < view_.columns ? view_.columns - used : 2, ' ');
    add({{title, TopStyle::Strong},
         {agent_.health, style_of(agent_.health)},
         {gap + time, TopStyle::Soft}});
    if (!view_.trouble.empty()) {
      add_wrapped("no answer since: " + view_.trouble, "  ", TopStyle::Bad, kReasons);
    }
    for (std::size_t i = 0; i < std::min(kReasons, agent_.reasons.size()); ++i) {
      const bool last = i + 1 == kReasons && agent_.reasons.size() > kReasons;
      add({{last ? fmt::format("  and {} more reasons: sluice health", agent_.reasons.size() - i)
                 : "  " + agent_.reasons[i],
            style_of(agent_.health)}});
    }
    add({});
  }

  void add_flows() {
    const std::string plot = view_.plots ? std::string(widths_.plot + 1, ' ') : "";
    add({{left("FLOW", widths_.name) + ' ' + right("IN/s", kRate) + plot + ' ' +
              right("OUT/s", kRate) + plot + ' ' + right("BUSY", kBusy) + ' ' +
              right("BACKLOG", kBacklog) + ' ' + right("FULL IN", kSpan) + ' ' +
              right("DRAINED", kSpan),
          TopStyle::Soft}});
    for (const TopFlow* flow : sorted()) {
      add_flow(*flow);
    }
    add({});
  }

  [[nodiscard]] std::vector<const TopFlow*> sorted() const {
    std::vector<const TopFlow*> flows;
    for (const TopFlow& flow : agent_.flows) {
      flows.push_back(&flow);
    }
    std::ranges::stable_sort(flows, {}, [this](const TopFlow* flow) { return place_of(*flow); });
    return flows;
  }

  // Less comes first; the same keeps the order of the names.
  [[nodiscard]] double place_of(const TopFlow& flow) const {
    switch (view_.sort) {
      case TopSort::Name:
        return 0;
      case TopSort::Backlog:
        return -static_cast<double>(flow.backlog);
      case TopSort::Rate:
        return -flow.arrival_rate;
      case TopSort::Full:
        return flow.time_to_full.value_or(std::numeric_limits<double>::infinity());
    }
    return 0;
  }

  void add_flow(const TopFlow& flow) {
    const std::string row = "flow " + flow.name;
    const TopHistory::Rates& rates = history_.of(flow.name);
    const bool served_in_vain = flow.service_rate == 0 && flow.arrival_rate > 0;
    const bool overloaded = flow.utilization.value_or(0) >= 1 || served_in_vain;
    const std::string busy = flow.utilization ? fmt::format("{:.2f}", *flow.utilization) : "-";
    const TopStyle hurry = !flow.time_to_full            ? TopStyle::Plain
                           : *flow.time_to_full < kHurry ? TopStyle::Bad
                                                         : TopStyle::Warn;
    std::vector<TopSpan> spans{
        {left(flow.name, widths_.name) + ' ', TopStyle::Strong},
        {right(short_rate(rate_of(rates.in, flow.arrival_rate)), kRate) + ' '},
    };
    add_plot(rates.in, rates, spans);
    spans.push_back({right(rates.out.empty() ? "-" : short_rate(rates.out.back()), kRate) + ' '});
    add_plot(rates.out, rates, spans);
    spans.push_back({right(served_in_vain ? "stuck" : busy, kBusy) + ' ',
                     overloaded ? TopStyle::Bad : TopStyle::Plain});
    spans.push_back({right(short_count(flow.backlog), kBacklog) + ' '});
    spans.push_back({right(short_span(flow.time_to_full), kSpan) + ' ', hurry});
    spans.push_back({right(flow.backlog == 0 ? "empty" : short_span(flow.time_to_drain), kSpan)});
    add(std::move(spans), row);
    if (view_.open.contains(row)) {
      add_details(flow);
    }
  }

  // Both plots of a flow have one scale: what comes in above what goes out is seen.
  void add_plot(const std::vector<double>& values, const TopHistory::Rates& rates,
                std::vector<TopSpan>& spans) const {
    if (view_.plots) {
      const double top =
          std::max(highest(rates.in, widths_.plot), highest(rates.out, widths_.plot));
      spans.push_back({sparkline(values, widths_.plot, top, view_.unicode) + ' ', TopStyle::Plot});
    }
  }

  void add_details(const TopFlow& flow) {
    add_wrapped(
        fmt::format("{} arrive in a second, {} served, {:.1f} in the flow (means of a minute)",
                    short_rate(flow.arrival_rate), short_rate(flow.service_rate),
                    flow.mean_backlog),
        "    ", TopStyle::Soft);
    add_wrapped(fmt::format("a record stays {} (measured), {} (by Little's law); {} of {} on disk",
                            short_span(flow.time_in_system), short_span(flow.little_time),
                            size_in_words(flow.held_bytes), size_in_words(flow.max_bytes)),
                "    ", TopStyle::Soft);
    for (const TopFeed& feed : flow.feeds) {
      const auto waits = seconds_since(feed.oldest, agent_.time);
      add_wrapped(fmt::format("to {}: {} done, {} a second while there are any, each after {}{}",
                              feed.sink, grouped(feed.served), short_rate(feed.service_rate),
                              short_span(feed.time_in_system),
                              waits ? ", the oldest waits for " + short_span(*waits) : ""),
                  "    ", TopStyle::Soft);
    }
    std::vector<std::string> ledger;
    for (const auto& [what, records] : flow.ledger) {
      ledger.push_back(what + ' ' + grouped(records));
    }
    add_wrapped("ledger: " + joined(ledger), "    ", TopStyle::Soft);
  }

  static constexpr std::size_t kState = 14;
  static constexpr std::size_t kCount = 10;

  void add_sinks() {
    add({{left("SINK", widths_.name) + ' ' + left("STATE", kState) + ' ' +
              right("NEXT TRY", kCount) + ' ' + right("DELIVERED", kCount) + "  LAST ERROR",
          TopStyle::Soft}});
    for (const TopSink& sink : agent_.sinks) {
      add_sink(sink);
    }
    add({});
  }

  static TopSpan state_of(const TopSink& sink) {
    if (sink.breaker == "open") {
      return {"takes nothing", TopStyle::Bad};
    }
    if (sink.breaker == "half_open") {
      return {"trying again", TopStyle::Warn};
    }
    return sink.waiting_for.empty() || sink.waiting_for == "none"
               ? TopSpan{"delivering", TopStyle::Good}
               : TopSpan{"waits: " + sink.waiting_for, TopStyle::Warn};
  }

  void add_sink(const TopSink& sink) {
    const std::string row = "sink " + sink.name;
    const TopSpan state = state_of(sink);
    std::string next = "-";
    if (sink.next_attempt) {
      const auto wait = std::chrono::duration<double>(*sink.next_attempt - agent_.time).count();
      next = wait > 0 ? short_span(wait) : "now";
    }
    add({{left(sink.name, widths_.name) + ' ', TopStyle::Strong},
         {left(state.text, kState) + ' ', state.style},
         {right(next, kCount) + ' ' + right(short_count(sink.records), kCount) + "  "},
         {sink.last_error.empty() ? "-" : sink.last_error,
          sink.last_error.empty() ? TopStyle::Plain : TopStyle::Bad}},
        row);
    if (!view_.open.contains(row)) {
      return;
    }
    add_wrapped(sink.url, "    ", TopStyle::Soft);
    add_wrapped(fmt::format("{} records, {} compressed; {} attempts not confirmed; {} dead letters",
                            grouped(sink.records), size_in_words(sink.bytes), grouped(sink.retries),
                            grouped(sink.dead)),
                "    ", TopStyle::Soft);
    add_wrapped(sink.last_error, "    ", TopStyle::Bad);
  }

  void add_sources() {
    add({{left("SOURCE", widths_.name) + ' ' + left("STATE", kState) + ' ' +
              right("MESSAGES", kCount) + ' ' + right("ACKED", kCount) + "  REDELIVERED",
          TopStyle::Soft}});
    for (const TopSource& source : agent_.sources) {
      add({{left(source.name, widths_.name) + ' ', TopStyle::Strong},
           {left(source.connected ? "connected" : "not connected", kState) + ' ',
            source.connected ? TopStyle::Good : TopStyle::Bad},
           {right(short_count(source.messages), kCount) + ' ' +
            right(short_count(source.acknowledged), kCount) + "  " +
            short_count(source.redelivered)}});
    }
    add({});
  }

  void add_buffer() {
    add({{"BUFFER ", TopStyle::Soft},
         {fmt::format("{} of {} in use, {} records held, ", size_in_words(agent_.file_bytes),
                      size_in_words(agent_.file_max_bytes), grouped(agent_.held_records))},
         {grouped(agent_.dropped) + " dropped",
          agent_.dropped > 0 ? TopStyle::Bad : TopStyle::Plain}});
  }

  const TopAgent& agent_;
  const TopHistory& history_;
  const TopView& view_;
  FlowWidths widths_;
  std::vector<TopLine> lines_;
};

}  // namespace

std::vector<TopLine> top_lines(const TopAgent& agent, const TopHistory& history,
                               const TopView& view) {
  return Screen(agent, history, view).lines();
}

}  // namespace sluice
