#include "buffers/btree_page.h"

#include <algorithm>
#include <array>

namespace sluice {

namespace {

// The names of the numbers are those of SQLite's file format description.
constexpr unsigned char kIndexInterior = 0x02;
constexpr unsigned char kIndexLeaf = 0x0A;
constexpr unsigned char kTableLeaf = 0x0D;
constexpr std::size_t kDatabaseHeader = 100;  // in front of the first page's own
constexpr std::size_t kLeafHeader = 8;
constexpr std::size_t kInteriorHeader = 12;
constexpr std::size_t kUsable = kRawPageSize;
constexpr std::size_t kMostLocalOfTable = kUsable - 35;
constexpr std::size_t kMostLocalOfIndex = (kUsable - 12) * 64 / 255 - 23;
constexpr std::size_t kLeastLocal = (kUsable - 12) * 32 / 255 - 23;
constexpr std::size_t kSmallestCell = 4;
constexpr std::uint64_t kLargestPayload = 0x7FFFFFFF;
constexpr std::size_t kMostColumns = 32;  // no table here has as many

std::size_t header_at(PageNumber number) {
  return number == PageNumber(1) ? kDatabaseHeader : 0;
}

unsigned big_endian_16(const unsigned char* bytes) {
  return static_cast<unsigned>(bytes[0]) << 8U | bytes[1];
}

unsigned char byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// A number of one to nine bytes, taken from the front.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  constexpr std::size_t kLongest = 9;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLongest && i < bytes.size(); ++i) {
    const unsigned char byte = byte_at(bytes, i);
    const bool last = i + 1 == kLongest;
    value = last ? value << 8U | byte : value << 7U | (byte & 0x7FU);
    if (last || (byte & 0x80U) == 0) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::size_t local_size(std::uint64_t payload, std::size_t most) {
  if (payload <= most) {
    return static_cast<std::size_t>(payload);
  }
  const std::size_t local =
      kLeastLocal + static_cast<std::size_t>((payload - kLeastLocal) % kOverflowBytes);
  return local <= most ? local : kLeastLocal;
}

std::optional<TreeCell> parse_cell(std::string_view bytes, unsigned char type) {
  TreeCell cell;
  if (type == kIndexInterior) {
    bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 4));  // the number of a child
  }
  const auto payload = take_varint(bytes);
  if (!payload || *payload == 0 || *payload > kLargestPayload) {
    return std::nullopt;
  }
  cell.payload_size = *payload;
  if (type == kTableLeaf) {
    const auto rowid = take_varint(bytes);
    if (!rowid) {
      return std::nullopt;
    }
    cell.rowid = static_cast<std::int64_t>(*rowid);
  }
  const std::size_t local =
      local_size(*payload, type == kTableLeaf ? kMostLocalOfTable : kMostLocalOfIndex);
  const bool continues = local < *payload;
  if (local + (continues ? 4 : 0) > bytes.size()) {
    return std::nullopt;
  }
  cell.local = bytes.substr(0, local);
  if (continues) {
    cell.overflow =
        PageNumber(big_endian_32(reinterpret_cast<const unsigned char*>(bytes.data()) + local));
  }
  return cell;
}

// Bytes of a value of this type; nothing for the types that are never stored.
std::optional<std::uint64_t> size_of_type(std::uint64_t type) {
  constexpr std::array<std::uint64_t, 10> kSizes{0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  if (type < kSizes.size()) {
    return kSizes.at(static_cast<std::size_t>(type));
  }
  if (type < 12) {
    return std::nullopt;
  }
  return (type - 12) / 2;
}

}  // namespace

TreePage kind_of(const RawPage& page, PageNumber number) {
  switch (page.at(header_at(number))) {
    case kTableLeaf:
      return TreePage::Table;
    case kIndexLeaf:
    case kIndexInterior:
      return TreePage::Index;
    default:
      return TreePage::Other;
  }
}

std::vector<TreeCell> cells_of(const RawPage& page, PageNumber number) {
  std::vector<TreeCell> cells;
  if (kind_of(page, number) == TreePage::Other) {
    return cells;
  }
  const std::size_t header = header_at(number);
  const unsigned char type = page.at(header);
  const std::size_t pointers = header + (type == kIndexInterior ? kInteriorHeader : kLeafHeader);
  // A damaged count is cut to what the page can hold; what is no cell then does not look like one.
  const std::size_t count =
      std::min<std::size_t>(big_endian_16(&page.at(header + 3)), (kUsable - pointers) / 2);
  const std::string_view bytes(reinterpret_cast<const char*>(page.data()), page.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = big_endian_16(&page.at(pointers + 2 * i));
    if (at < pointers || at + kSmallestCell > kUsable) {
      continue;
    }
    if (const auto cell = parse_cell(bytes.substr(at), type)) {
      cells.push_back(*cell);
    }
  }
  return cells;
}

std::optional<PageRecord> PageRecord::parse(std::string_view record, std::uint64_t size) {
  std::string_view rest = record;
  const auto header_size = take_varint(rest);
  if (!header_size || *header_size > record.size()) {
    return std::nullopt;
  }
  std::string_view header =
      record.substr(record.size() - rest.size(),
                    static_cast<std::size_t>(*header_size) -
                        std::min<std::size_t>(record.size() - rest.size(),
                                              static_cast<std::size_t>(*header_size)));
  PageRecord parsed;
  std::uint64_t offset = *header_size;
  while (!header.empty()) {
    const auto type = take_varint(header);
    const auto bytes = type ? size_of_type(*type) : std::nullopt;
    if (!bytes || *bytes > size || parsed.columns_.size() == kMostColumns) {
      return std::nullopt;
    }
    parsed.columns_.push_back({*type, offset, *bytes});
    offset += *bytes;
  }
  return offset == size ? std::optional(std::move(parsed)) : std::nullopt;
}

bool PageRecord::is_null(std::size_t column) const {
  return column < columns_.size() && columns_[column].type == 0;
}

bool PageRecord::is_integer(std::size_t column) const {
  const std::uint64_t type = column < columns_.size() ? columns_[column].type : 0;
  return (type >= 1 && type <= 6) || type == 8 || type == 9;
}

bool PageRecord::is_text(std::size_t column) const {
  return column < columns_.size() && columns_[column].type >= 13 && columns_[column].type % 2 == 1;
}

bool PageRecord::is_blob(std::size_t column) const {
  return column < columns_.size() && columns_[column].type >= 12 && columns_[column].type % 2 == 0;
}

std::optional<std::int64_t> PageRecord::integer(std::string_view record, std::size_t column) const {
  const auto value = bytes(record, column);
  if (!value || !is_integer(column)) {
    return std::nullopt;
  }
  if (value->empty()) {
    return columns_[column].type == 9 ? 1 : 0;
  }
  // The sign is that of the first byte.
  std::uint64_t number = (byte_at(*value, 0) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < value->size(); ++i) {
    number = number << 8U | byte_at(*value, i);
  }
  return static_cast<std::int64_t>(number);
}

std::optional<std::string_view> PageRecord::bytes(std::string_view record,
                                                  std::size_t column) const {
  if (column >= columns_.size()) {
    return std::nullopt;
  }
  const Column& at = columns_[column];
  if (at.offset > record.size() || at.size > record.size() - at.offset) {
    return std::nullopt;
  }
  return record.substr(static_cast<std::size_t>(at.offset), static_cast<std::size_t>(at.size));
}

}  // namespace sluice
