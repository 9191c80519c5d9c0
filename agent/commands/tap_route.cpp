// What a request for a tap may say.
#include "commands/tap.h"
#include "core/join.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

namespace sluice {

namespace {

constexpr std::uint64_t kMostRate = 10'000;

// Nothing if it is not given. Reject: not a number from 1 to `most`.
Result<std::optional<std::uint64_t>> number_of(const AdminRequest& request, const char* name,
                                               std::uint64_t most) {
  const std::string* text = request.find(name);
  if (text == nullptr) {
    return std::optional<std::uint64_t>();
  }
  std::uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [parsed, failed] = std::from_chars(text->data(), end, number);
  if (failed != std::errc() || parsed != end || number == 0 || number > most) {
    return Error{Reaction::Reject,
                 std::string(name) + " must be a number from 1 to " + std::to_string(most)};
  }
  return std::optional(number);
}

Result<TapChoice> choice_of(const AdminRequest& request, const std::vector<std::string>& flows) {
  const std::string* flow = request.find("flow");
  const auto place = std::find(flows.begin(), flows.end(), flow != nullptr ? *flow : "");
  if (place == flows.end()) {
    return Error{Reaction::Reject, "there is no such flow; there are: " + joined(flows)};
  }
  TapChoice choice{.flow = FlowIndex(place - flows.begin()), .count = {}, .topic = {}};
  const auto rate = number_of(request, "rate", kMostRate);
  const auto count = number_of(request, "count", std::numeric_limits<std::int64_t>::max());
  if (!rate || !count) {
    return !rate ? rate.error() : count.error();
  }
  choice.rate = rate->value_or(choice.rate);
  choice.count = *count;
  if (const std::string* topic = request.find("topic")) {
    choice.topic = *topic;
  }
  return choice;
}

}  // namespace

void add_tap_route(AdminRoutes& routes, Tap& tap, std::vector<std::string> flows) {
  routes.add(AdminMethod::Get, "/tap", AdminAccess::Data,
             [&tap, flows = std::move(flows)](const AdminRequest& request) {
               Result<TapChoice> choice = choice_of(request, flows);
               if (!choice) {
                 return admin_error(choice.error());
               }
               auto body = tap.listen(*std::move(choice));
               if (!body) {
                 return admin_error(body.error());
               }
               return AdminResponse{
                   .content_type = "application/x-ndjson", .text = {}, .body = *std::move(body)};
             });
}

}  // namespace sluice
