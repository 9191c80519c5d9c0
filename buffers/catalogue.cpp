#include "buffers/catalogue.h"

#include <array>
#include <bit>

namespace sluice {

namespace {

// A value that is sealed begins with this, and eight bytes that say with which key.
constexpr std::string_view kSealed = "slbcseal";
constexpr std::size_t kMarkSize = 8;

Result<std::string> seal_state(BlockCipher& cipher, const StateRow& row) {
  if (cipher.mark() == SealMark::None) {
    return row.value;
  }
  const Result<std::string_view> sealed = cipher.seal(row.key, row.value);
  if (!sealed) {
    return sealed.error();
  }
  std::string value(kSealed);
  for (unsigned shift = 0; shift < 8 * kMarkSize; shift += 8) {  // little-endian
    value += static_cast<char>((static_cast<std::uint64_t>(cipher.mark()) >> shift) & 0xFFU);
  }
  return value.append(*sealed);
}

Result<std::string> open_state(BlockCipher& cipher, std::string_view key, std::string_view value) {
  if (!value.starts_with(kSealed) || value.size() < kSealed.size() + kMarkSize) {
    return std::string(value);
  }
  std::uint64_t number = 0;
  for (std::size_t i = kMarkSize; i > 0; --i) {
    number = number << 8U | static_cast<unsigned char>(value[kSealed.size() + i - 1]);
  }
  if (Status known = check_key(cipher, SealMark(number)); !known) {
    return known.error();
  }
  return cipher.open(SealMark(number), key, value.substr(kSealed.size() + kMarkSize));
}

}  // namespace

Result<Catalogue> Catalogue::prepare(sqlite::Connection& connection, BlockCipher& cipher) {
  Catalogue catalogue(cipher);
  const std::array<sqlite::PreparedAt, 14> all{{
      {&catalogue.meta_, "SELECT epoch, last_seq, tick FROM meta"},
      {&catalogue.set_meta_, "UPDATE meta SET last_seq = ?1, tick = ?2"},
      {&catalogue.flows_, "SELECT id, name FROM flow"},
      {&catalogue.add_flow_, "INSERT OR IGNORE INTO flow VALUES (?1, ?2)"},
      {&catalogue.cursors_, "SELECT flow, sink, confirmed FROM cursor"},
      {&catalogue.set_cursor_,
       "INSERT INTO cursor VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE"
       " SET confirmed = excluded.confirmed"},
      {&catalogue.ranges_, "SELECT flow, sink, after, last FROM confirmed"},
      {&catalogue.add_range_, "INSERT INTO confirmed VALUES (?1, ?2, ?3, ?4)"},
      {&catalogue.remove_ranges_, "DELETE FROM confirmed WHERE flow = ?1 AND sink = ?2"},
      {&catalogue.states_, "SELECT key, value FROM state"},
      {&catalogue.set_state_,
       "INSERT INTO state VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value"},
      {&catalogue.remove_state_, "DELETE FROM state WHERE key = ?1"},
      {&catalogue.ledger_,
       "SELECT flow, what, records FROM ledger WHERE substr(what, 1, 5) <> 'held_'"},
      {&catalogue.add_ledger_,
       "INSERT INTO ledger VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE"
       " SET records = records + excluded.records"},
  }};
  if (Status prepared = sqlite::prepare_all(connection, all); !prepared) {
    return prepared.error();
  }
  return catalogue;
}

Result<Meta> Catalogue::meta() {
  const sqlite::ResetAtExit reset(*meta_);
  const Result<bool> row = meta_->step();
  if (!row) {
    return row.error();
  }
  if (!*row) {
    return Error{Reaction::Fatal, "the table meta of the buffer is empty"};
  }
  return Meta{std::bit_cast<std::uint64_t>(meta_->integer(0)), Sequence(meta_->integer(1)),
              static_cast<std::uint64_t>(meta_->integer(2))};
}

Status Catalogue::set_meta(Sequence last, std::uint64_t tick) {
  set_meta_->bind(1, to_column(last)).bind(2, static_cast<std::int64_t>(tick));
  return run_to_end(*set_meta_);
}

Result<std::map<std::string, FlowId>> Catalogue::flows() {
  std::map<std::string, FlowId> flows;
  const Status read =
      for_each_row(*flows_, [&] { flows.emplace(flows_->bytes(1), FlowId(flows_->integer(0))); });
  if (!read) {
    return read.error();
  }
  return flows;
}

Status Catalogue::add_flow(FlowId flow, std::string_view name) {
  add_flow_->bind(1, to_column(flow)).bind(2, name);
  return run_to_end(*add_flow_);
}

Result<std::map<CursorKey, Confirmed>> Catalogue::confirmed() {
  std::map<CursorKey, Confirmed> all;
  Status read = for_each_row(*cursors_, [&] {
    all[CursorKey(FlowId(cursors_->integer(0)), cursors_->bytes(1))].add(
        Sequence(0), Sequence(cursors_->integer(2)));
  });
  if (read) {
    read = for_each_row(*ranges_, [&] {
      all[CursorKey(FlowId(ranges_->integer(0)), ranges_->bytes(1))].add(
          Sequence(ranges_->integer(2)), Sequence(ranges_->integer(3)));
    });
  }
  if (!read) {
    return read.error();
  }
  return all;
}

Status Catalogue::set_confirmed(FlowId flow, std::string_view sink, const Confirmed& confirmed) {
  set_cursor_->bind(1, to_column(flow)).bind(2, sink).bind(3, to_column(confirmed.cursor()));
  if (Status set = run_to_end(*set_cursor_); !set) {
    return set;
  }
  remove_ranges_->bind(1, to_column(flow)).bind(2, sink);
  if (Status removed = run_to_end(*remove_ranges_); !removed) {
    return removed;
  }
  for (const SequenceRange& range : confirmed.ranges()) {
    if (range.after == Sequence(0)) {
      continue;  // the cursor says it
    }
    add_range_->bind(1, to_column(flow)).bind(2, sink);
    add_range_->bind(3, to_column(range.after)).bind(4, to_column(range.last));
    if (Status added = run_to_end(*add_range_); !added) {
      return added;
    }
  }
  return {};
}

Result<std::map<std::string, std::string>> Catalogue::states() {
  std::map<std::string, std::string> states;
  Status opened;
  const Status read = for_each_row(*states_, [&] {
    Result<std::string> value = open_state(*cipher_, states_->bytes(0), states_->bytes(1));
    if (value) {
      states.emplace(states_->bytes(0), *std::move(value));
    } else {
      opened = value.error();
    }
  });
  if (!read) {
    return read.error();
  }
  if (!opened) {
    return opened.error();
  }
  return states;
}

Status Catalogue::set_state(const StateRow& row) {
  if (row.value.empty()) {
    remove_state_->bind(1, std::string_view(row.key));
    return run_to_end(*remove_state_);
  }
  const Result<std::string> value = seal_state(*cipher_, row);
  if (!value) {
    return value.error();
  }
  set_state_->bind(1, std::string_view(row.key)).bind_blob(2, *value);
  return run_to_end(*set_state_);
}

Result<std::map<FlowId, Ledger>> Catalogue::ledger() {
  std::map<FlowId, Ledger> ledger;
  const Status read = for_each_row(*ledger_, [&] {
    ledger[FlowId(ledger_->integer(0))].emplace(ledger_->bytes(1),
                                                static_cast<std::uint64_t>(ledger_->integer(2)));
  });
  if (!read) {
    return read.error();
  }
  return ledger;
}

Status Catalogue::add_ledger(FlowId flow, std::string_view what, std::uint64_t records) {
  if (records == 0) {
    return {};
  }
  add_ledger_->bind(1, to_column(flow)).bind(2, what);
  add_ledger_->bind(3, static_cast<std::int64_t>(records));
  return run_to_end(*add_ledger_);
}

}  // namespace sluice
