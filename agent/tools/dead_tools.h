// `sluice dead ls | show | retry | drop`, without the syntax of their arguments.
#pragma once

#include "core/result.h"
#include "tools/backend.h"

#include <ostream>
#include <string>

namespace sluice {

// Which letters; all that are empty do not matter.
struct DeadChoice {
  std::string flow{};
  std::string sink{};
  std::string reason{};
  std::string since{};  // a time, see parse_time()
  std::string id{};
};

Status list_dead(ToolBackend& backend, const DeadChoice& choice, bool json, std::ostream& out);
Status show_dead(ToolBackend& backend, const DeadChoice& choice, std::ostream& out);
// Reject: some could not be sent once more; the others are.
Status retry_dead(ToolBackend& backend, const DeadChoice& choice, std::ostream& out);
Status drop_dead(ToolBackend& backend, const DeadChoice& choice, bool yes, std::ostream& out);

}  // namespace sluice
