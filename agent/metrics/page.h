// The answer to one scrape, in Prometheus' text format 0.0.4.
#pragma once

#include "core/histogram.h"
#include "metrics/catalogue.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

// Filled and thrown away with every scrape: nothing is kept up to date in between, so metrics cost
// nothing as long as nobody asks. One thread at a time.
class MetricsPage {
 public:
  struct Label {
    std::string_view name;
    std::string_view value;
  };
  using Labels = std::initializer_list<Label>;

  MetricsPage();
  ~MetricsPage();
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  // The same labels in the same order for every value of a metric; each combination once.
  void add(Metric metric, Labels labels, double value);
  void add(Metric metric, Labels labels, const Histogram& values);

  // Metrics without a value are left out. Ends the page: std::move(page).text().
  [[nodiscard]] std::string text() &&;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace sluice
