#include "buffers/store_file.h"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

Result<std::uint64_t> pages(sqlite::Statement& pragma) {
  const sqlite::ResetAtExit reset(pragma);
  const Result<bool> row = pragma.step();
  if (!row) {
    return row.error();
  }
  return static_cast<std::uint64_t>(pragma.integer(0));
}

}  // namespace

Result<StoreFile> StoreFile::open(const DatabaseOptions& options) {
  Result<BlockCipher> keys = BlockCipher::make(options.encryption_key, options.encryption_old_keys);
  if (!keys) {
    return Error{Reaction::Reject, "buffer: " + keys.error().message};
  }
  auto cipher = std::make_unique<BlockCipher>(*std::move(keys));
  Result<sqlite::Connection> connection = open_database(options);
  if (!connection) {
    return connection.error();
  }
  Result<BlockTable> blocks = BlockTable::prepare(*connection, *cipher);
  if (!blocks) {
    return blocks.error();
  }
  Result<Catalogue> catalogue = Catalogue::prepare(*connection, *cipher);
  if (!catalogue) {
    return catalogue.error();
  }
  Result<DeadTable> dead = DeadTable::prepare(*connection, *cipher);
  if (!dead) {
    return dead.error();
  }
  Result<HeldTable> held = HeldTable::prepare(*connection);
  if (!held) {
    return held.error();
  }
  Result<sqlite::Statement> page_count = connection->prepare("PRAGMA page_count");
  if (!page_count) {
    return page_count.error();
  }
  Result<sqlite::Statement> free_count = connection->prepare("PRAGMA freelist_count");
  if (!free_count) {
    return free_count.error();
  }
  return StoreFile{std::move(cipher),      *std::move(connection), *std::move(blocks),
                   *std::move(catalogue),  *std::move(dead),       *std::move(held),
                   *std::move(page_count), *std::move(free_count)};
}

Status StoreFile::secure() {
  if (secured) {
    return {};
  }
  connection.leave_log_when_closed(false);
  Status emptied = empty_log(connection);
  secured = static_cast<bool>(emptied);
  return emptied;
}

Result<FileUse> StoreFile::use() {
  const Result<std::uint64_t> all = pages(page_count);
  if (!all) {
    return all.error();
  }
  const Result<std::uint64_t> free = pages(free_count);
  if (!free) {
    return free.error();
  }
  return FileUse{*all * kPageSize, (*all - std::min(*all, *free)) * kPageSize};
}

Result<std::uint64_t> StoreFile::growth_bytes() {
  const Result<std::uint64_t> all = pages(page_count);
  if (!all) {
    return all.error();
  }
  const Result<std::uint64_t> size = connection.file_size();
  if (!size) {
    return size.error();
  }
  const std::uint64_t logical = *all * kPageSize;
  return logical > *size ? logical - *size : 0;
}

}  // namespace sluice
