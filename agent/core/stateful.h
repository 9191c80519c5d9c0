// What a part of a flow has learned from messages and must find again after a crash.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace sluice {

// Used on the intake's thread. What it saves is stored in the same transaction as the records that
// the same messages have become, and before those messages are acknowledged: so after a crash the
// part goes on with exactly what came from acknowledged messages, or a little more.
class Stateful {
 public:
  virtual ~Stateful() = default;

  // True if something has changed since the last save(): then the messages since are not
  // acknowledged before it has been saved again.
  [[nodiscard]] virtual bool changed() const = 0;

  // Bytes that only it understands, in a form that later versions understand as well; empty if
  // there is nothing to remember.
  virtual std::string save() = 0;

  // Called once, before the first message, with what save() gave. Reject: it is not of this kind
  // or version, or damaged; nothing has changed then.
  virtual Status restore(std::string_view saved) = 0;
};

}  // namespace sluice
