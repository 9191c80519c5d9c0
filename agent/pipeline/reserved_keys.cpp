#include "pipeline/reserved_keys.h"

#include "core/message.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;

// simdjson 3.0 is told the size of the input including its padding.
constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING;
static_assert(kPadding <= MessageBatch::kPadding);

// Larger documents get a parser of their own, so that its memory does not stay.
constexpr std::size_t kLargestKept = 256UL * 1024;

// The text between the quotes.
std::string_view raw_key(const ondemand::raw_json_string& key) {
  const char* end = key.raw();
  while (*end != '"') {
    end += *end == '\\' ? 2 : 1;
  }
  return {key.raw(), static_cast<std::size_t>(end - key.raw())};
}

// Calls `visit(raw, name)` for every top-level key: as it is written, and what it means. Ends early
// only where the object is not valid JSON, which nobody gives us.
template <class Visit>
void for_each_key(ondemand::parser& parser, std::string_view object, Visit visit) {
  ondemand::document document;
  ondemand::object fields;
  if (parser.iterate(object.data(), object.size(), object.size() + kPadding).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(fields) != simdjson::SUCCESS) {
    return;
  }
  for (auto field : fields) {
    ondemand::raw_json_string key;
    if (field.key().get(key) != simdjson::SUCCESS) {
      return;
    }
    const std::string_view raw = raw_key(key);
    std::string_view name = raw;
    if (raw.find('\\') != std::string_view::npos &&
        field.unescaped_key().get(name) != simdjson::SUCCESS) {
      return;
    }
    visit(raw, name);
  }
}

std::size_t index_of(std::span<const std::string_view> names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::size_t remove_prefixes(std::string_view& name) {
  std::size_t times = 0;
  for (; name.starts_with(kRenamePrefix); ++times) {
    name.remove_prefix(kRenamePrefix.size());
  }
  return times;
}

// The smallest number from 1 that is not in `taken`. Bounded, or a payload with many keys of the
// one kind and many of the other would become hundreds of times as long.
std::size_t first_gap(const std::set<std::size_t>& taken) {
  constexpr std::size_t kLargest = 4;
  std::size_t gap = 1;
  while (gap < kLargest && taken.contains(gap)) {
    ++gap;
  }
  return gap;
}

}  // namespace

class ReservedKeys::Parser {
 public:
  template <class Visit>
  void for_each(std::string_view object, Visit visit) {
    if (object.size() > kLargestKept) {
      ondemand::parser parser;
      for_each_key(parser, object, visit);
    } else {
      for_each_key(kept_, object, visit);
    }
  }

 private:
  ondemand::parser kept_;
};

ReservedKeys::ReservedKeys() : parser_(std::make_unique<Parser>()) {
}
ReservedKeys::~ReservedKeys() = default;

const std::vector<Rename>& ReservedKeys::find(std::string_view object,
                                              std::span<const std::string_view> reserved) {
  renames_.clear();
  std::vector<std::size_t> meant;  // which of the reserved names, for every rename
  parser_->for_each(object, [&](std::string_view raw, std::string_view name) {
    if (const std::size_t index = index_of(reserved, name); index < reserved.size()) {
      renames_.push_back({static_cast<std::size_t>(raw.data() - object.data()), 1});
      meant.push_back(index);
    }
  });
  if (renames_.empty()) {
    return renames_;
  }
  // The new name may be taken as well. One more look at all keys, instead of one for each rename,
  // or a hostile payload would keep us busy for minutes.
  std::vector<std::set<std::size_t>> taken(reserved.size());
  parser_->for_each(object, [&](std::string_view, std::string_view name) {
    const std::size_t times = remove_prefixes(name);
    if (const std::size_t index = index_of(reserved, name); index < reserved.size()) {
      taken[index].insert(times);
    }
  });
  for (std::size_t i = 0; i < renames_.size(); ++i) {
    renames_[i].times = first_gap(taken[meant[i]]);
  }
  return renames_;
}

}  // namespace sluice
