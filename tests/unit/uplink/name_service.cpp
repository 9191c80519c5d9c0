#include "tests/unit/uplink/name_service.h"

#include "core/mutex.h"

#include <dlfcn.h>
#include <netdb.h>

#include <map>
#include <string_view>

namespace sluice::uplink_tests {

namespace {

Mutex mutex;
std::map<std::string, std::string, std::less<>> addresses SLUICE_GUARDED_BY(mutex);
int questions SLUICE_GUARDED_BY(mutex) = 0;

std::string address_of(std::string_view name) {
  const MutexLock lock(mutex);
  ++questions;
  const auto found = addresses.find(name);
  return found == addresses.end() ? std::string() : found->second;
}

}  // namespace

void name_resolves_to(const std::string& name, const std::string& address) {
  const MutexLock lock(mutex);
  addresses[name] = address;
}

int name_questions() {
  const MutexLock lock(mutex);
  return questions;
}

}  // namespace sluice::uplink_tests

// The linker prefers it to the one of the C library, which is asked for all other names.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name == nullptr || !std::string_view(name).ends_with(".test")) {
    return real(name, service, hints, result);
  }
  const std::string address = sluice::uplink_tests::address_of(name);
  return address.empty() ? EAI_NONAME : real(address.c_str(), service, hints, result);
}
