// A secret that somebody else keeps in a file and replaces from time to time.
#pragma once

#include "core/result.h"
#include "net/file_watch.h"

#include <string>

namespace sluice {

// Holds what the file said when it last made sense: while it is missing, empty or damaged, which it
// may be for a moment when it is replaced, the earlier secret stays in force.
//
// One thread at a time. Reading is a system call on the caller's thread: meant for local files.
class SecretFile {
 public:
  explicit SecretFile(std::string path) : watch_(std::move(path)) {}

  // Looks whether the file has changed, and reads it if so. True if that made a difference, to the
  // value or to the trouble with it: the moment to log.
  bool refresh();

  [[nodiscard]] const std::string& path() const { return watch_.path(); }
  // Without the line breaks and spaces at its end; empty: there has never been one.
  [[nodiscard]] const std::string& value() const { return value_; }
  // Why the file as it is now cannot be used, with its name; empty: it can.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  [[nodiscard]] Result<std::string> read() const;

  FileWatch watch_;
  std::string value_;
  std::string trouble_;
};

}  // namespace sluice
