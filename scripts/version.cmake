# Writes OUTPUT, a C++ file that defines sluice::version(), from `git describe` in SOURCE. Outside a
# checkout (a source tarball) FALLBACK is the version. The file is touched only when it changes.
execute_process(COMMAND git describe --tags --always --dirty WORKING_DIRECTORY ${SOURCE}
  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(version "${FALLBACK}")
elseif(described MATCHES "^v?[0-9]+[.][0-9]+")
  string(REGEX REPLACE "^v" "" version "${described}")
else()
  set(version "${FALLBACK}-g${described}")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
#include "commands/version.h"

namespace sluice {

std::string_view version() {
  return "@version@";
}

}  // namespace sluice
]] @ONLY)
