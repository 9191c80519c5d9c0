#include "top/top_view.h"

#include <algorithm>

namespace sluice {

std::string TopLine::text() const {
  std::string all;
  for (const TopSpan& span : spans) {
    all += span.text;
  }
  return all.substr(0, all.find_last_not_of(' ') + 1);
}

std::string_view word_of(TopSort sort) {
  switch (sort) {
    case TopSort::Name:
      return "name";
    case TopSort::Backlog:
      return "backlog";
    case TopSort::Rate:
      return "rate";
    case TopSort::Full:
      return "time to full";
  }
  return "";
}

TopSort next_of(TopSort sort) {
  switch (sort) {
    case TopSort::Name:
      return TopSort::Backlog;
    case TopSort::Backlog:
      return TopSort::Rate;
    case TopSort::Rate:
      return TopSort::Full;
    case TopSort::Full:
      return TopSort::Name;
  }
  return TopSort::Name;
}

std::string row_beside(const std::vector<TopLine>& lines, const std::string& selected, int steps) {
  std::vector<std::string> rows;
  for (const TopLine& line : lines) {
    if (!line.row.empty()) {
      rows.push_back(line.row);
    }
  }
  if (rows.empty()) {
    return "";
  }
  const auto found = std::ranges::find(rows, selected);
  if (found == rows.end()) {
    return rows.front();
  }
  const auto last = static_cast<std::ptrdiff_t>(rows.size()) - 1;
  const std::ptrdiff_t wanted = found - rows.begin() + steps;
  return rows[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(wanted, 0, last))];
}

std::size_t line_at_top(const std::vector<TopLine>& lines, const std::string& selected,
                        std::size_t before, std::size_t room) {
  const auto can_be_selected = [](const TopLine& line) { return !line.row.empty(); };
  const auto first_row = std::ranges::find_if(lines, can_be_selected);
  const auto chosen = std::ranges::find(lines, selected, &TopLine::row);
  const auto place = static_cast<std::size_t>(chosen - lines.begin());
  if (lines.size() <= room || (chosen == first_row && place < room)) {
    return 0;
  }
  const std::size_t lowest = place + 1 > room ? place + 1 - room : 0;
  return std::min(std::clamp(before, lowest, place), lines.size() - room);
}

}  // namespace sluice
