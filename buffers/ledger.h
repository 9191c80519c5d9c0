// What has become of the records of a flow since they were in the file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace sluice {

// Records by what has become of them: stored, delivered, … The words and the balance are in
// FORMAT.md.
using Ledger = std::map<std::string, std::uint64_t, std::less<>>;

using FlowLedgers = std::map<std::string, Ledger, std::less<>>;  // by the name of the flow

}  // namespace sluice
