// Host names that only exist in tests.
#pragma once

#include <string>

namespace sluice::uplink_tests {

// From now on `name`, which must end in ".test", resolves to `address`; empty: it does not exist.
// Holds for the whole executable, which brings its own getaddrinfo() for such names: everything
// between the transport and the C library is the real thing. Any thread.
void name_resolves_to(const std::string& name, const std::string& address);

// How often ".test" names have been asked for.
int name_questions();

}  // namespace sluice::uplink_tests
