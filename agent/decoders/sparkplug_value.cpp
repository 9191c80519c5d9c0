#include "decoders/sparkplug_value.h"

#include "core/json_text.h"
#include "decoders/plain_value.h"
#include "decoders/sparkplug_array.h"

#include <protozero/pbf_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {
namespace {

using protozero::pbf_reader;
using protozero::tag_and_type;
using Form = SparkplugValue::Form;

constexpr auto kVarint = protozero::pbf_wire_type::varint;
constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;

// Messages within one another. Each becomes up to two levels of JSON, and that is read up to 64.
constexpr int kDeepest = 24;

void append_base64_string(std::string_view bytes, std::string& out) {
  out += '"';
  append_base64(bytes, out);
  out += '"';
}

// Appends values. Remembers the first thing that is wrong.
class ValueWriter {
 public:
  explicit ValueWriter(std::string& out) : out_(out) {}

  [[nodiscard]] std::string_view error() const { return error_; }

  void write(const SparkplugMetric& metric) {
    if (metric.is_null) {
      out_ += "null";
    } else {
      write(metric.value, metric.type);
    }
  }

  // {"name":value}
  void write_properties(std::string_view set) {
    if (!enter()) {
      return;
    }
    std::vector<std::string_view> names;
    std::vector<SparkplugMetric> values;
    for (pbf_reader reader(set); reader.next();) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, kBytes):
          names.push_back(reader.get_view());
          break;
        case tag_and_type(2, kBytes):
          values.push_back(read_sparkplug_property(reader.get_view()));
          break;
        default:
          reader.skip();
      }
    }
    if (names.size() != values.size()) {
      mistake("invalid_value");
    }
    names.resize(values.size());
    out_ += '{';
    for (std::size_t i = 0; i < names.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      append_string(names[i], out_);
      out_ += ':';
      write(values[i]);
    }
    out_ += '}';
    --depth_;
  }

 private:
  void mistake(std::string_view error) {
    if (error_.empty()) {
      error_ = error;
    }
  }

  bool enter() {
    if (depth_ >= kDeepest) {
      mistake("too_deep");
      out_ += "null";
      return false;
    }
    ++depth_;
    return true;
  }

  void write(const SparkplugValue& value, std::uint32_t type) {
    switch (value.form) {
      case Form::None:
        out_ += "null";
        return;
      case Form::Integer:
        write_integer(value.integer, type);
        return;
      case Form::Float:
        append_number(value.single, out_);
        return;
      case Form::Double:
        append_number(value.number, out_);
        return;
      case Form::Boolean:
        out_ += value.integer != 0 ? "true" : "false";
        return;
      case Form::Text:
        append_string(value.bytes, out_);
        return;
      case Form::Bytes:
        write_bytes(value.bytes, type);
        return;
      case Form::DataSet:
        write_data_set(value.bytes);
        return;
      case Form::Template:
        write_template(value.bytes);
        return;
      case Form::PropertySet:
        write_properties(value.bytes);
        return;
      case Form::PropertySets:
        write_property_sets(value.bytes);
        return;
    }
  }

  // A negative number has been written into 32 or 64 bits as if it were a large positive one.
  void write_integer(std::uint64_t number, std::uint32_t type) {
    switch (type) {
      case sparkplug_type::kInt8:
        append_number(static_cast<std::int8_t>(number), out_);
        return;
      case sparkplug_type::kInt16:
        append_number(static_cast<std::int16_t>(number), out_);
        return;
      case sparkplug_type::kInt32:
        append_number(static_cast<std::int32_t>(number), out_);
        return;
      case sparkplug_type::kInt64:
        append_number(static_cast<std::int64_t>(number), out_);
        return;
      case sparkplug_type::kBoolean:
        out_ += number != 0 ? "true" : "false";
        return;
      case sparkplug_type::kUnknown:
        mistake("unknown_datatype");
        [[fallthrough]];
      default:
        append_number(number, out_);
    }
  }

  void write_bytes(std::string_view bytes, std::uint32_t type) {
    const bool is_array = type >= sparkplug_type::kFirstArray && type <= sparkplug_type::kLastArray;
    if (is_array && append_sparkplug_array(bytes, type, out_)) {
      return;
    }
    if (is_array) {
      mistake("invalid_value");
    } else if (type == sparkplug_type::kUnknown) {
      mistake("unknown_datatype");
    }
    append_base64_string(bytes, out_);
  }

  // {"columns":["a","b"],"rows":[[1,2],[3,4]]}
  void write_data_set(std::string_view set) {
    std::vector<std::uint32_t> types;
    std::vector<std::string_view> rows;
    const char* before = "";
    out_ += R"({"columns":[)";
    for (pbf_reader reader(set); reader.next();) {
      switch (reader.tag_and_type()) {
        case tag_and_type(2, kBytes):
          out_ += before;
          before = ",";
          append_string(reader.get_view(), out_);
          break;
        case tag_and_type(3, kVarint):
          types.push_back(reader.get_uint32());
          break;
        case tag_and_type(3, kBytes):
          for (const std::uint32_t type : reader.get_packed_uint32()) {
            types.push_back(type);
          }
          break;
        case tag_and_type(4, kBytes):
          rows.push_back(reader.get_view());
          break;
        default:
          reader.skip();
      }
    }
    out_ += R"(],"rows":[)";
    for (std::size_t i = 0; i < rows.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      write_row(rows[i], types);
    }
    out_ += "]}";
  }

  void write_row(std::string_view row, const std::vector<std::uint32_t>& types) {
    std::size_t column = 0;
    out_ += '[';
    for (pbf_reader reader(row); reader.next(1, kBytes); ++column) {
      const SparkplugValue value = read_sparkplug_element(reader.get_view());
      out_ += column == 0 ? "" : ",";
      write(value, column < types.size() ? types[column] : sparkplug_type::kUnknown);
    }
    out_ += ']';
  }

  // {"template":"ref","version":"1","is_definition":true,"parameters":{…},"metrics":{…}}
  void write_template(std::string_view bytes) {
    if (!enter()) {
      return;
    }
    std::vector<SparkplugMetric> parameters;
    std::vector<SparkplugMetric> metrics;
    const char* before = "{";
    for (pbf_reader reader(bytes); reader.next();) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, kBytes):
          write_member(before, "version", reader.get_view());
          break;
        case tag_and_type(2, kBytes):
          metrics.push_back(read_sparkplug_metric(reader.get_view()));
          break;
        case tag_and_type(3, kBytes):
          parameters.push_back(read_sparkplug_parameter(reader.get_view()));
          break;
        case tag_and_type(4, kBytes):
          write_member(before, "template", reader.get_view());
          break;
        case tag_and_type(5, kVarint):
          out_ += before;
          out_ += R"("is_definition":)";
          out_ += reader.get_uint64() != 0 ? "true" : "false";
          before = ",";
          break;
        default:
          reader.skip();
      }
    }
    out_ += before;
    write_metrics("parameters", parameters);
    out_ += ',';
    write_metrics("metrics", metrics);
    out_ += '}';
    --depth_;
  }

  void write_member(const char*& before, std::string_view name, std::string_view text) {
    out_ += before;
    before = ",";
    append_string(name, out_);
    out_ += ':';
    append_string(text, out_);
  }

  void write_metrics(std::string_view name, const std::vector<SparkplugMetric>& metrics) {
    append_string(name, out_);
    out_ += ":{";
    const char* before = "";
    for (const SparkplugMetric& metric : metrics) {
      out_ += before;
      before = ",";
      if (metric.name.empty() && metric.alias) {
        mistake("unknown_alias");
        out_ += "\"alias:";
        append_number(*metric.alias, out_);
        out_ += '"';
      } else {
        append_string(metric.name, out_);
      }
      out_ += ':';
      write(metric);
    }
    out_ += '}';
  }

  void write_property_sets(std::string_view sets) {
    const char* before = "";
    out_ += '[';
    for (pbf_reader reader(sets); reader.next(1, kBytes);) {
      out_ += before;
      before = ",";
      write_properties(reader.get_view());
    }
    out_ += ']';
  }

  std::string& out_;
  std::string_view error_;
  int depth_ = 0;
};

}  // namespace

std::string_view append_sparkplug_value(const SparkplugMetric& metric, std::string& out) {
  ValueWriter writer(out);
  writer.write(metric);
  return writer.error();
}

std::string_view append_sparkplug_properties(std::string_view properties, std::string& out) {
  ValueWriter writer(out);
  writer.write_properties(properties);
  return writer.error();
}

}  // namespace sluice
