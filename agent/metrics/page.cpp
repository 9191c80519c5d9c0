#include "metrics/page.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <cstddef>
#include <limits>
#include <vector>

namespace sluice {

namespace {

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::Counter:
      return prometheus::MetricType::Counter;
    case MetricKind::Gauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::Histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric labelled(MetricsPage::Labels labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const MetricsPage::Label& label : labels) {
    metric.label.push_back({std::string(label.name), std::string(label.value)});
  }
  return metric;
}

}  // namespace

struct MetricsPage::Families {
  std::vector<prometheus::MetricFamily> all;  // in the order of the catalogue

  prometheus::MetricFamily& of(Metric metric) { return all.at(static_cast<std::size_t>(metric)); }
};

MetricsPage::MetricsPage() : families_(std::make_unique<Families>()) {
  for (const MetricEntry& entry : metric_catalogue()) {
    families_->all.push_back(
        {std::string(entry.name), std::string(entry.help), type_of(entry.kind), {}});
  }
}

MetricsPage::~MetricsPage() = default;

void MetricsPage::add(Metric metric, Labels labels, double value) {
  prometheus::MetricFamily& family = families_->of(metric);
  assert(family.type != prometheus::MetricType::Histogram);
  prometheus::ClientMetric one = labelled(labels);
  if (family.type == prometheus::MetricType::Counter) {
    one.counter.value = value;
  } else {
    one.gauge.value = value;
  }
  family.metric.push_back(std::move(one));
}

void MetricsPage::add(Metric metric, Labels labels, const Histogram& values) {
  prometheus::MetricFamily& family = families_->of(metric);
  assert(family.type == prometheus::MetricType::Histogram);
  prometheus::ClientMetric one = labelled(labels);
  one.histogram.sample_count = values.count();
  one.histogram.sample_sum = values.sum();
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < values.bounds().size(); ++i) {
    so_far += values.in_range(i);
    one.histogram.bucket.push_back({so_far, values.bounds()[i]});
  }
  one.histogram.bucket.push_back({values.count(), std::numeric_limits<double>::infinity()});
  family.metric.push_back(std::move(one));
}

std::string MetricsPage::text() && {
  std::erase_if(families_->all,
                [](const prometheus::MetricFamily& each) { return each.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families_->all);
}

}  // namespace sluice
