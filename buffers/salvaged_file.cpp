#include "buffers/salvaged_file.h"

#include "buffers/block_row.h"
#include "buffers/durable_files.h"
#include "buffers/schema.h"
#include "buffers/tables.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace sluice {

namespace {

// The file has another name until everything is in it and on the disk, so it needs no log.
constexpr const char* kSettings = R"sql(
  PRAGMA page_size = 4096;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  PRAGMA secure_delete = OFF;
  PRAGMA cache_size = -2000;
)sql";

constexpr const char* kSeen = "CREATE TABLE seen(id INTEGER PRIMARY KEY, flow INTEGER) STRICT";
constexpr const char* kSaw = "INSERT OR IGNORE INTO seen VALUES (?1, ?2)";
constexpr const char* kHasSeen = "SELECT 1 FROM seen WHERE id = ?1";
// Of the flow, the last block that does not begin behind ?2.
constexpr const char* kNeighbour =
    "SELECT id + n + skipped - 1 FROM block WHERE flow = ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1";
constexpr const char* kInsert = "INSERT OR IGNORE INTO block(" SLUICE_BLOCK_COLUMNS
                                ")"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
constexpr const char* kInsertDead =
    "INSERT OR IGNORE INTO dead(first, flow, n, raw_bytes, codec, min_ts, max_ts, crc, data,"
    " skipped, id, sink, reason, detail, at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

// Blocks that were there although their rows could not be read.
constexpr const char* kMissing =
    "SELECT seen.id, seen.flow FROM seen LEFT JOIN block ON block.id = seen.id"
    " WHERE block.id IS NULL";

// What was given away and never reached a page that can be read is not known. Sequences go on this
// far behind the highest that is: none may be used twice.
constexpr std::uint64_t kSequencesLeftOut = std::uint64_t{1} << 24U;

// The columns that `block` and `dead` share, in the order of SLUICE_BLOCK_COLUMNS.
void bind(sqlite::Statement& statement, const FoundBlockRow& row) {
  int parameter = 0;
  for (const std::int64_t value : row.metadata.columns) {
    statement.bind(++parameter, value);
  }
  statement.bind(++parameter, row.crc);
  statement.bind_blob(++parameter, row.data);
  statement.bind(++parameter, row.metadata.skipped);
}

std::uint64_t lacking(std::uint64_t has, std::uint64_t wanted) {
  return wanted - std::min(has, wanted);
}

Result<std::uint64_t> ask(sqlite::Statement& statement) {
  const Result<bool> row = statement.step();
  if (!row) {
    return row.error();
  }
  return *row ? static_cast<std::uint64_t>(std::max<std::int64_t>(statement.integer(0), 0)) : 0;
}

}  // namespace

Result<SalvagedFile> SalvagedFile::create(const std::string& path, const char* vfs,
                                          std::uint64_t room) {
  Result<sqlite::Connection> connection = sqlite::Connection::open(to_uri(path), vfs, true);
  if (!connection) {
    return connection.error();
  }
  SalvagedFile file(path, *std::move(connection), room);
  if (Status prepared = file.prepare(); !prepared) {
    return prepared.error();
  }
  return file;
}

SalvagedFile::SalvagedFile(std::string path, sqlite::Connection connection, std::uint64_t room)
    : path_(std::move(path)), connection_(std::move(connection)), room_(room) {
}

Status SalvagedFile::prepare() {
  if (Status set = connection_->run(kSettings); !set) {
    return set;
  }
  if (Status begun = connection_->run("BEGIN"); !begun) {
    return begun;
  }
  if (Status created = create_buffer(*connection_); !created) {
    return created;
  }
  if (Status created = connection_->run(kSeen); !created) {
    return created;
  }
  const std::array<sqlite::PreparedAt, 6> all{{
      {&saw_, kSaw},
      {&seen_, kHasSeen},
      {&neighbour_, kNeighbour},
      {&insert_, kInsert},
      {&insert_dead_, kInsertDead},
      {&pages_, "PRAGMA page_count"},
  }};
  return sqlite::prepare_all(*connection_, all);
}

Status SalvagedFile::saw(FlowId flow, Sequence first) {
  saw_->bind(1, to_column(first)).bind(2, static_cast<std::int64_t>(flow));
  return run_to_end(*saw_);
}

Result<bool> SalvagedFile::has_seen(Sequence first) {
  const sqlite::ResetAtExit reset(*seen_);
  return seen_->bind(1, to_column(first)).step();
}

Result<SalvagedFile::Added> SalvagedFile::add(const FoundBlockRow& block) {
  {
    const sqlite::ResetAtExit reset(*neighbour_);
    neighbour_->bind(1, static_cast<std::int64_t>(block.flow())).bind(2, block.last());
    const Result<bool> row = neighbour_->step();
    if (!row) {
      return row.error();
    }
    if (*row && neighbour_->integer(0) >= block.first()) {
      return Added::Known;
    }
  }
  {
    const sqlite::ResetAtExit reset(*pages_);
    const Result<std::uint64_t> pages = ask(*pages_);
    if (!pages) {
      return pages.error();
    }
    if (*pages * kPageSize + block.data.size() > room_) {
      return Added::NoRoom;
    }
  }
  bind(*insert_, block);
  if (Status inserted = run_to_end(*insert_); !inserted) {
    return inserted.error();
  }
  return Added::Yes;
}

Status SalvagedFile::add(const FoundDeadRow& dead) {
  bind(*insert_dead_, dead.letter);
  insert_dead_->bind(kBlockColumns + 1, dead.id).bind(kBlockColumns + 2, dead.sink);
  insert_dead_->bind(kBlockColumns + 3, dead.reason).bind(kBlockColumns + 4, dead.detail);
  insert_dead_->bind(kBlockColumns + 5, dead.at);
  return run_to_end(*insert_dead_);
}

Result<Losses> SalvagedFile::finish(FoundRows& rows) {
  Losses losses;
  const Result<std::uint64_t> blocks = missing_blocks(rows);
  if (!blocks) {
    return blocks.error();
  }
  losses.blocks = *blocks;
  if (Status written = write_flows(rows); !written) {
    return written.error();
  }
  if (Status written = write_confirmed(rows); !written) {
    return written.error();
  }
  const Result<std::uint64_t> records = balance(rows);
  if (!records) {
    return records.error();
  }
  losses.records = *records;
  if (Status written = write_rest(rows); !written) {
    return written.error();
  }
  if (Status closed = close(); !closed) {
    return closed.error();
  }
  return losses;
}

Result<std::uint64_t> SalvagedFile::missing_blocks(const FoundRows& rows) {
  Result<sqlite::Statement> missing = connection_->prepare(kMissing);
  if (!missing) {
    return missing.error();
  }
  std::uint64_t count = 0;
  while (true) {
    const Result<bool> row = missing->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return count;
    }
    const Sequence first{static_cast<std::uint64_t>(missing->integer(0))};
    if (!rows.confirmed(FlowId(missing->integer(1)), first, first)) {
      ++count;
    }
  }
}

Result<std::vector<FlowId>> SalvagedFile::flows() {
  Result<sqlite::Statement> statement =
      connection_->prepare("SELECT DISTINCT flow FROM block UNION SELECT DISTINCT flow FROM dead");
  if (!statement) {
    return statement.error();
  }
  std::vector<FlowId> flows;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return flows;
    }
    flows.push_back(FlowId(statement->integer(0)));
  }
}

Status SalvagedFile::write_flows(FoundRows& rows) {
  const Result<std::vector<FlowId>> used = flows();
  if (!used) {
    return used.error();
  }
  rows.name_flows(*used);
  Result<sqlite::Statement> insert = connection_->prepare("INSERT INTO flow VALUES (?1, ?2)");
  if (!insert) {
    return insert.error();
  }
  for (const auto& [id, name] : rows.flows()) {
    insert->bind(1, static_cast<std::int64_t>(id)).bind(2, std::string_view(name));
    if (Status inserted = run_to_end(*insert); !inserted) {
      return inserted;
    }
  }
  return {};
}

Status SalvagedFile::write_confirmed(const FoundRows& rows) {
  BlockCipher no_cipher;  // rows are copied as they are
  Result<Catalogue> catalogue = Catalogue::prepare(*connection_, no_cipher);
  if (!catalogue) {
    return catalogue.error();
  }
  for (const auto& [key, confirmed] : rows.confirmed()) {
    if (Status written = catalogue->set_confirmed(key.first, key.second, confirmed); !written) {
      return written;
    }
  }
  return {};
}

// What was received and is not accounted for was stored. What was stored and is neither here nor
// accounted for is lost. What is here again although it was accounted for counts as received and
// stored once more.
Result<std::uint64_t> SalvagedFile::balance(FlowId flow, const Ledger& known) {
  Result<sqlite::Statement> sum =
      connection_->prepare("SELECT sum(n) FROM block NOT INDEXED WHERE flow = ?1");
  if (!sum) {
    return sum.error();
  }
  sum->bind(1, static_cast<std::int64_t>(flow));
  const Result<std::uint64_t> held = ask(*sum);
  if (!held) {
    return held.error();
  }
  Ledger ledger = known;
  const Balance used = input_balance_of(ledger);
  ledger["stored"] += lacking(used.out, used.in);
  const Balance lines = balance_of(ledger);
  const std::uint64_t accounted = lines.out + *held;
  const std::uint64_t lost = lacking(accounted, lines.in);
  ledger["damaged"] += lost;
  ledger["stored"] += lacking(lines.in, accounted);
  const Balance received = input_balance_of(ledger);
  ledger["received"] += lacking(received.in, received.out);
  for (const auto& [what, records] : ledger) {
    if (Status written = write_ledger(flow, what, records); !written) {
      return written.error();
    }
  }
  return lost;
}

Result<std::uint64_t> SalvagedFile::balance(const FoundRows& rows) {
  std::uint64_t lost = 0;
  for (const auto& [flow, name] : rows.flows()) {
    const auto known = rows.ledger().find(flow);
    const Result<std::uint64_t> of_flow =
        balance(flow, known == rows.ledger().end() ? Ledger() : known->second);
    if (!of_flow) {
      return of_flow.error();
    }
    lost += *of_flow;
  }
  return lost;
}

Status SalvagedFile::write_ledger(FlowId flow, std::string_view what, std::uint64_t records) {
  if (records == 0) {
    return {};
  }
  Result<sqlite::Statement> insert = connection_->prepare("INSERT INTO ledger VALUES (?1, ?2, ?3)");
  if (!insert) {
    return insert.error();
  }
  insert->bind(1, static_cast<std::int64_t>(flow)).bind(2, what);
  insert->bind(3, static_cast<std::int64_t>(records));
  return run_to_end(*insert);
}

Status SalvagedFile::write_rest(const FoundRows& rows) {
  Result<sqlite::Statement> state = connection_->prepare("INSERT INTO state VALUES (?1, ?2)");
  if (!state) {
    return state.error();
  }
  for (const auto& [key, value] : rows.states()) {
    state->bind(1, std::string_view(key)).bind_blob(2, value);
    if (Status inserted = run_to_end(*state); !inserted) {
      return inserted;
    }
  }
  Result<sqlite::Statement> meta =
      connection_->prepare("UPDATE meta SET epoch = coalesce(?1, epoch), last_seq = ?2, tick = ?3");
  if (!meta) {
    return meta.error();
  }
  if (rows.epoch()) {
    meta->bind(1, *rows.epoch());
  }
  meta->bind(2, to_column(advance(rows.last(), kSequencesLeftOut))).bind(3, rows.tick() + 1);
  return run_to_end(*meta);
}

Status SalvagedFile::close() {
  for (const char* sql : {"DROP TABLE seen", "COMMIT"}) {
    if (Status run = connection_->run(sql); !run) {
      return run;
    }
  }
  for (auto* statement : {&saw_, &seen_, &neighbour_, &insert_, &insert_dead_, &pages_}) {
    statement->reset();
  }
  connection_.reset();
  return sync_file(path_);
}

}  // namespace sluice
