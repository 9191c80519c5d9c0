#include "tools/parameters.h"

#include <algorithm>
#include <charconv>

namespace sluice {

Result<std::optional<std::uint64_t>> number_in(const AdminRequest& request, std::string_view name) {
  const std::string* text = request.find(name);
  if (text == nullptr) {
    return std::optional<std::uint64_t>();
  }
  std::uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [at, failed] = std::from_chars(text->data(), end, number);
  if (failed != std::errc() || at != end || text->empty()) {
    return Error{Reaction::Reject, std::string(name) + " is not a number"};
  }
  return std::optional(number);
}

std::optional<std::string> text_in(const AdminRequest& request, std::string_view name) {
  const std::string* text = request.find(name);
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

Result<std::optional<StoredFlow>> flow_named(const BufferOutline& outline,
                                             const std::optional<std::string>& name) {
  if (!name) {
    return std::optional<StoredFlow>();
  }
  const auto found = std::ranges::find(outline.flows, *name, &FlowOutline::name);
  if (found != outline.flows.end()) {
    return std::optional(found->id);
  }
  std::string known;
  for (const FlowOutline& flow : outline.flows) {
    known += (known.empty() ? "" : ", ") + flow.name;
  }
  return Error{Reaction::Reject, "the buffer knows no flow " + *name + "; it has " +
                                     (known.empty() ? "none" : known)};
}

}  // namespace sluice
