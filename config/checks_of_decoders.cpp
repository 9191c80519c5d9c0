// What the decoder of a flow and its options together can be wrong about.
#include "config/checks.h"
#include "config/topic_filter.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::configuration {

namespace {

void check_struct(const StructLayout& layout, const std::string& path, const Places& places,
                  Findings& findings) {
  const std::string fields = path + ".struct.fields";
  const auto first = places.lower_bound(fields + '.');
  const bool has_fields = first != places.end() && first->first.starts_with(fields + '.');
  if (!has_fields && places.contains(fields)) {
    findings.error(place_of(places, fields), fields,
                   "is empty, add at least one value, like: temperature: \"i16 be @0 * 0.1\"");
  }
  for (const StructField& field : layout.fields) {
    const std::size_t end = field.offset + field.bytes;
    if (layout.size != 0 && end > layout.size) {
      const std::string field_path = fields + '.' + field.name;
      findings.error(place_of(places, field_path), field_path,
                     "lies outside the record: it needs " + std::to_string(end) +
                         " bytes, and size is " + std::to_string(layout.size));
    }
  }
}

// Births are what aliases in data are explained by.
bool takes_births(const FlowConfig& flow) {
  return flow.topics.empty() || std::ranges::any_of(flow.topics, [](const std::string& topic) {
           return filters_overlap(topic, "spBv1.0/+/NBIRTH/+") ||
                  filters_overlap(topic, "spBv1.0/+/DBIRTH/+/+");
         });
}

}  // namespace

void check_decoder(const FlowConfig& flow, const Places& places, Findings& findings) {
  const std::string path = "flows." + flow.name;
  if (flow.decode.kind == DecoderKind::Struct) {
    check_struct(flow.decode.layout, path, places, findings);
  }
  if (flow.decode.kind == DecoderKind::SparkplugB && !takes_births(flow)) {
    findings.warning(place_of(places, path + ".topics"), path + ".topics",
                     "births are not among these: what is sent under an alias will have no name; "
                     "take spBv1.0/#");
  }
  const std::string limit = path + ".max_decompressed_size";
  if (flow.decode.decompress == Decompression::None && places.contains(limit)) {
    findings.warning(place_of(places, limit), limit, "has no effect without decompress");
  }
}

}  // namespace sluice::configuration
