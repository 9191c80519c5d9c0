// The files of one file sink: appends blocks, finishes files, finds its way after a crash.
#pragma once

#include "uplink/file_transport.h"
#include "uplink/sender_identity.h"
#include "uplink/threaded_transport.h"

#include <memory>

namespace sluice {

// Order:      records stand in the files in the order of the blocks that were written; the files in
//             that of their numbers.
// Durability: write() confirms after the lines have reached the disk (fdatasync), and the file's
//             name with them.
// Errors:     what someone must change (directory missing, no rights) is Misconfigured; everything
//             else, a full disk above all, is Retry. A failed write is taken back.
// Repetition: records that the files hold already are recognised, also after a crash, and not
//             written again. This takes the state file and the growing file as they were left, and
//             reaches back 10,000 ranges of sequences.
std::unique_ptr<BlockWork> make_file_store(const FileTransportOptions& options,
                                           const SenderIdentity& identity, const Clock& clock);

}  // namespace sluice
