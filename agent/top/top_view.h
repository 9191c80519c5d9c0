// The lines of `sluice top`, and what its user has chosen to see of them.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class TopStyle { Plain, Strong, Soft, Good, Warn, Bad, Plot };

struct TopSpan {
  std::string text;
  TopStyle style = TopStyle::Plain;
};

struct TopLine {
  std::vector<TopSpan> spans;
  std::string row{};  // the flow or sink that it is about and that can be opened; empty: none

  [[nodiscard]] std::string text() const;
};

enum class TopSort { Name, Backlog, Rate, Full };
std::string_view word_of(TopSort sort);
TopSort next_of(TopSort sort);

struct TopView {
  std::size_t columns = 80;  // what is beyond is cut off; 40 or more
  bool unicode = false;
  bool plots = true;
  TopSort sort = TopSort::Name;
  std::string selected{};        // a row
  std::set<std::string> open{};  // rows that show their details
  std::string trouble{};         // why the figures are not of now; empty: they are
};

// The row `steps` behind the selected one (before it, if negative), as far as there are any.
std::string row_beside(const std::vector<TopLine>& lines, const std::string& selected, int steps);

// The first of `room` lines to show, near `before`, so that the selected row is among them; all
// from the top if it is the first row.
std::size_t line_at_top(const std::vector<TopLine>& lines, const std::string& selected,
                        std::size_t before, std::size_t room);

}  // namespace sluice
