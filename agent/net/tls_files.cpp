#include "net/tls_files.h"

#include <utility>

namespace sluice {

TlsFiles::TlsFiles(TlsOptions options) : options_(std::move(options)) {
  for (const std::string* path : {&options_.ca, &options_.cert, &options_.key}) {
    if (!path->empty()) {
      watches_.emplace_back(*path);
    }
  }
}

Result<TlsFiles> TlsFiles::open(TlsOptions options) {
  TlsFiles files(std::move(options));
  for (FileWatch& watch : files.watches_) {
    static_cast<void>(watch.changed());  // from here on, what changes is new
  }
  auto context = make_client_tls(files.options_);
  if (!context) {
    return context.error();
  }
  files.context_ = *std::move(context);
  return files;
}

bool TlsFiles::refresh() {
  bool changed = false;
  for (FileWatch& watch : watches_) {
    changed = watch.changed() || changed;  // every one of them must be looked at
  }
  if (!changed) {
    return false;
  }
  auto context = make_client_tls(options_);
  if (!context) {
    const bool news = context.error().message != trouble_;
    trouble_ = context.error().message;
    return news;
  }
  context_ = *std::move(context);
  trouble_.clear();
  return true;
}

}  // namespace sluice
