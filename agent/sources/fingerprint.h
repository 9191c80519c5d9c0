// Tells a message that arrives again from another one that happens to carry the same packet id.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// The same for the same topic and payload, on every machine and in every version: it is stored.
// Not a defence against someone who looks for collisions, and needs none: it only confirms what the
// packet id and the DUP flag say already.
std::uint64_t fingerprint(std::string_view topic, std::string_view payload);

}  // namespace sluice
