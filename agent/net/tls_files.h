// The certificates of TlsOptions, loaded again when their files change.
#pragma once

#include "net/file_watch.h"
#include "net/tls.h"

#include <string>
#include <vector>

namespace sluice {

// Certificates are replaced while the agent runs, and not in one step: first the certificate, then
// its key. What does not load, or does not fit together, changes nothing: the earlier pair stays in
// force until the files make sense again.
//
// One thread at a time; a context that was handed out stays as it is.
class TlsFiles {
 public:
  // Rejects as make_client_tls() does.
  static Result<TlsFiles> open(TlsOptions options);

  // Looks whether a file has changed, which costs a system call each, and loads them if so. True if
  // that made a difference, to the context or to the trouble with it: the moment to log.
  bool refresh();

  [[nodiscard]] const TlsOptions& options() const { return options_; }
  [[nodiscard]] const TlsContext& context() const { return context_; }
  // Why the files as they are now cannot be used; empty: they can.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  explicit TlsFiles(TlsOptions options);

  TlsOptions options_;
  std::vector<FileWatch> watches_;
  TlsContext context_;
  std::string trouble_;
};

}  // namespace sluice
