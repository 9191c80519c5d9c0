#include "tools/steps.h"

#include <memory>
#include <utility>

namespace sluice {

namespace {

class SteppedBody final : public AdminBody {
 public:
  SteppedBody(InspectableBuffer& buffer, BufferStep step)
      : buffer_(buffer), step_(std::make_shared<BufferStep>(std::move(step))) {}

  void next(AdminChunkHandler then) override {
    // The step may still be waiting when nobody wants the answer any more.
    buffer_.inspect([step = step_, then = std::move(then)](Result<Inspection*> file) {
      then(file ? (*step)(**file) : AdminChunk(file.error()));
    });
  }

 private:
  InspectableBuffer& buffer_;
  std::shared_ptr<BufferStep> step_;
};

}  // namespace

AdminResponse answer_in_steps(InspectableBuffer& buffer, std::string content_type,
                              BufferStep step) {
  return {.status = 200,
          .content_type = std::move(content_type),
          .text = {},
          .body = std::make_unique<SteppedBody>(buffer, std::move(step))};
}

}  // namespace sluice
