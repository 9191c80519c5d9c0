// Looks into an open file, reading only. Private to buffers/.
#pragma once

#include "buffers/inspection.h"
#include "buffers/store_file.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace sluice {

// One thread, that of the file.
class FileInspection : public Inspection {
 public:
  // `routes` say what is configured. Both outlive the inspection.
  FileInspection(StoreFile& file, const std::vector<Route>& routes)
      : file_(file), routes_(routes) {}

  Result<BufferOutline> outline() override;
  Result<std::vector<BlockOutline>> blocks(std::optional<StoredFlow> flow, Sequence after,
                                           std::size_t most) override;
  Result<std::optional<InspectedBlock>> block(StoredFlow flow, Sequence after,
                                              Sequence seen) override;
  Result<std::vector<DeadEntry>> dead(DeadId after, std::size_t most) override;
  Result<BlockPtr> dead_block(DeadId id) override;
  Result<PurgeStep> purge(const PurgeOrder& order, Sequence after, Sequence through) override;

 private:
  Result<std::vector<FlowOutline>> flows();
  Status count_dead(BufferOutline& outline);
  Status add_sinks(std::vector<FlowOutline>& flows);

  StoreFile& file_;
  const std::vector<Route>& routes_;
};

}  // namespace sluice
