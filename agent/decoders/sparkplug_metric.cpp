#include "decoders/sparkplug_metric.h"

#include <protozero/pbf_reader.hpp>

namespace sluice {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;
using Form = SparkplugValue::Form;

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kBytes = pbf_wire_type::length_delimited;
constexpr auto kFixed32 = pbf_wire_type::fixed32;
constexpr auto kFixed64 = pbf_wire_type::fixed64;

void set_bytes(Form form, pbf_reader& reader, SparkplugValue& value) {
  value.form = form;
  value.bytes = reader.get_view();
}

// The six forms that all kinds of values share; their numbers begin at `First`. False: none of
// them.
template <protozero::pbf_tag_type First>
bool read_scalar(pbf_reader& reader, SparkplugValue& value) {
  switch (reader.tag_and_type()) {
    case tag_and_type(First, kVarint):
    case tag_and_type(First + 1, kVarint):
      value.form = Form::Integer;
      value.integer = reader.get_uint64();
      return true;
    case tag_and_type(First + 2, kFixed32):
      value.form = Form::Float;
      value.single = reader.get_float();
      return true;
    case tag_and_type(First + 3, kFixed64):
      value.form = Form::Double;
      value.number = reader.get_double();
      return true;
    case tag_and_type(First + 4, kVarint):
      value.form = Form::Boolean;
      value.integer = reader.get_uint64();
      return true;
    case tag_and_type(First + 5, kBytes):
      set_bytes(Form::Text, reader, value);
      return true;
    default:
      return false;
  }
}

// The parts of a metric that are not its value.
void read_metric_field(pbf_reader& reader, SparkplugMetric& metric) {
  switch (reader.tag_and_type()) {
    case tag_and_type(1, kBytes):
      metric.name = reader.get_view();
      break;
    case tag_and_type(2, kVarint):
      metric.alias = reader.get_uint64();
      break;
    case tag_and_type(3, kVarint):
      metric.timestamp = reader.get_uint64();
      break;
    case tag_and_type(4, kVarint):
      metric.type = reader.get_uint32();
      break;
    case tag_and_type(5, kVarint):
      metric.is_historical = reader.get_uint64() != 0;
      break;
    case tag_and_type(7, kVarint):
      metric.is_null = reader.get_uint64() != 0;
      break;
    case tag_and_type(9, kBytes):
      metric.properties = reader.get_view();
      break;
    case tag_and_type(16, kBytes):
      set_bytes(Form::Bytes, reader, metric.value);
      break;
    case tag_and_type(17, kBytes):
      set_bytes(Form::DataSet, reader, metric.value);
      break;
    case tag_and_type(18, kBytes):
      set_bytes(Form::Template, reader, metric.value);
      break;
    default:
      reader.skip();
  }
}

}  // namespace

SparkplugHead read_sparkplug_head(std::string_view payload) {
  SparkplugHead head;
  for (pbf_reader reader(payload); reader.next();) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kVarint):
        head.timestamp = reader.get_uint64();
        break;
      case tag_and_type(3, kVarint):
        head.seq = reader.get_uint64();
        break;
      case tag_and_type(4, kBytes):
        head.uuid = reader.get_view();
        break;
      case tag_and_type(5, kBytes):
        head.body = reader.get_view();
        break;
      default:
        reader.skip();
    }
  }
  return head;
}

SparkplugMetric read_sparkplug_metric(std::string_view bytes) {
  SparkplugMetric metric;
  for (pbf_reader reader(bytes); reader.next();) {
    if (!read_scalar<10>(reader, metric.value)) {
      read_metric_field(reader, metric);
    }
  }
  return metric;
}

std::optional<std::string_view> take_sparkplug_metric(std::string_view& rest) {
  pbf_reader reader(rest);
  if (!reader.next(2, kBytes)) {
    return std::nullopt;
  }
  const std::string_view metric = reader.get_view();
  rest = reader.data();
  return metric;
}

SparkplugMetric read_sparkplug_property(std::string_view bytes) {
  SparkplugMetric property;
  for (pbf_reader reader(bytes); reader.next();) {
    if (read_scalar<3>(reader, property.value)) {
      continue;
    }
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kVarint):
        property.type = reader.get_uint32();
        break;
      case tag_and_type(2, kVarint):
        property.is_null = reader.get_uint64() != 0;
        break;
      case tag_and_type(9, kBytes):
        set_bytes(Form::PropertySet, reader, property.value);
        break;
      case tag_and_type(10, kBytes):
        set_bytes(Form::PropertySets, reader, property.value);
        break;
      default:
        reader.skip();
    }
  }
  return property;
}

SparkplugMetric read_sparkplug_parameter(std::string_view bytes) {
  SparkplugMetric parameter;
  for (pbf_reader reader(bytes); reader.next();) {
    if (read_scalar<3>(reader, parameter.value)) {
      continue;
    }
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        parameter.name = reader.get_view();
        break;
      case tag_and_type(2, kVarint):
        parameter.type = reader.get_uint32();
        break;
      default:
        reader.skip();
    }
  }
  return parameter;
}

SparkplugValue read_sparkplug_element(std::string_view bytes) {
  SparkplugValue value;
  for (pbf_reader reader(bytes); reader.next();) {
    if (!read_scalar<1>(reader, value)) {
      reader.skip();
    }
  }
  return value;
}

}  // namespace sluice
