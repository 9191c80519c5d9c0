// Writes records to files in a directory.
#pragma once

#include "core/transport.h"
#include "uplink/sender_identity.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

enum class FileCompression { None, Zstd };

struct FileTransportOptions {
  std::string path;  // of the finished files, without their number: /data/records.ndjson
  std::uint64_t max_size = 64ULL * 1024 * 1024;  // bytes at which a file is finished
  std::chrono::milliseconds max_age{3'600'000};  // after which it is finished; 0: never
  std::uint32_t keep = 0;                        // newest finished files that are kept; 0: all
  FileCompression compression = FileCompression::None;
};

// What it promises: file_store.h. Nothing is opened before the first block, since the disk may come
// later than the agent; a file that an earlier process left is taken up at once if it can be.
std::unique_ptr<Transport> make_file_transport(boost::asio::io_context& io,
                                               const FileTransportOptions& options,
                                               const SenderIdentity& identity);

}  // namespace sluice
