// The open fetches of all sinks. Private to buffers/.
#pragma once

#include "buffers/confirmed.h"
#include "buffers/inbox.h"
#include "buffers/pending.h"
#include "buffers/store_file.h"
#include "core/block.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstdint>
#include <vector>

namespace sluice {

// One thread. At most one block is read at a time, and none is kept.
class Readers {
 public:
  explicit Readers(const std::vector<Route>& routes);

  void open(FetchRequest request);

  // Reads for every request that may have something to read. On an error they stay open.
  Status serve(StoreFile& file, Pending& pending);

  // `stored` have just been committed, in this order: hands them to whoever had read everything
  // before them, and lets the others read.
  void offer(const std::vector<SealedBlock>& stored, const Pending& pending);

  // Blocks have appeared in the flow: requests that have found nothing look again.
  void look_again(FlowIndex flow);

  void close();

  // What any sink has been handed out of the flow since the start, and what lies before it.
  [[nodiscard]] const Confirmed& handed_out(FlowIndex flow) const {
    return handed_out_.at(number(flow));
  }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  struct Reader {
    FetchRequest request;
    bool open = false;
  };

  Status serve_one(StoreFile& file, Pending& pending, Reader& reader);
  void answer(Reader& reader, Result<BlockPtr> with);

  std::vector<std::vector<Reader>> readers_;  // by flow; two of each sink
  std::vector<Confirmed> handed_out_;         // by flow
  std::uint64_t damaged_ = 0;
};

}  // namespace sluice
