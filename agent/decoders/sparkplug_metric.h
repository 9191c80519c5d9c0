// What a Sparkplug B payload is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

// Numbers of the Sparkplug specification.
namespace sparkplug_type {
constexpr std::uint32_t kUnknown = 0;
constexpr std::uint32_t kInt8 = 1;
constexpr std::uint32_t kInt16 = 2;
constexpr std::uint32_t kInt32 = 3;
constexpr std::uint32_t kInt64 = 4;
constexpr std::uint32_t kBoolean = 11;
constexpr std::uint32_t kFirstArray = 22;  // Int8Array
constexpr std::uint32_t kLastArray = 34;   // DateTimeArray
}  // namespace sparkplug_type

// A value as it travels. What an integer or bytes mean depends on the type.
struct SparkplugValue {
  enum class Form {
    None,
    Integer,
    Float,
    Double,
    Boolean,
    Text,
    Bytes,
    DataSet,
    Template,
    PropertySet,
    PropertySets,
  };
  Form form = Form::None;
  std::uint64_t integer = 0;
  float single = 0;
  double number = 0;
  std::string_view bytes;
};

struct SparkplugMetric {
  std::string_view name;
  std::optional<std::uint64_t> alias;
  std::optional<std::uint64_t> timestamp;
  std::uint32_t type = sparkplug_type::kUnknown;
  bool is_historical = false;
  bool is_null = false;
  std::string_view properties;  // a PropertySet; empty if there is none
  SparkplugValue value;
};

// A payload without its metrics.
struct SparkplugHead {
  std::optional<std::uint64_t> timestamp;
  std::optional<std::uint64_t> seq;
  std::string_view uuid;
  std::string_view body;
};

// These throw protozero::exception where the bytes are not protocol buffers. All views are views of
// the input.
SparkplugHead read_sparkplug_head(std::string_view payload);
SparkplugMetric read_sparkplug_metric(std::string_view metric);
SparkplugMetric read_sparkplug_property(std::string_view property);    // type, is_null and value
SparkplugMetric read_sparkplug_parameter(std::string_view parameter);  // of a template: also name
SparkplugValue read_sparkplug_element(std::string_view element);       // of a row of a data set

// Takes the next metric of a payload off the front of `rest`, with all between that is none;
// nothing at the end.
std::optional<std::string_view> take_sparkplug_metric(std::string_view& rest);

}  // namespace sluice
