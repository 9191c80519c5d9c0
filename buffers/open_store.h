// Opens the file of a buffer whatever state it is in. Private to buffers/.
#pragma once

#include "buffers/catalogue.h"
#include "buffers/pending.h"
#include "buffers/salvage.h"
#include "buffers/sqlite_buffer.h"
#include "buffers/store_file.h"
#include "core/clock.h"
#include "core/result.h"

#include <map>
#include <optional>
#include <string>

namespace sluice {

struct OpenedStore {
  StoreFile file;
  Pending pending;
  Meta meta;
  std::map<std::string, std::string> states;
  SalvageReport salvage;
};

enum class Suspicion {
  None,
  AfterCrash,  // the last process did not end well
  Damaged,     // SQLite has reported damage: look at every page
};

// A damaged file is set aside and what can be read out of it becomes a new one. A file that does
// not exist is made, unless something is `remembered` of it. The caller holds the lock of the
// directory.
//   Fatal: the file must not be touched, see open_database(), or not even a new one can be opened
//   Full:  there is no room for a new file
Result<OpenedStore> open_store(const SqliteBufferOptions& options, const Clock& clock,
                               Suspicion suspicion, const Remembered& remembered);

}  // namespace sluice
