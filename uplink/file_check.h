// Looks whether a file sink could write.
#pragma once

#include "core/result.h"
#include "uplink/file_transport.h"

#include <string>

namespace sluice {

// Makes an empty file in the directory, deletes it, and looks how much room there is: at least one
// file of max_size must fit. Answers in words for a human.
Result<std::string> check_file_directory(const FileTransportOptions& options);

}  // namespace sluice
