#include "top/top.h"

#include "core/clock.h"
#include "top/top_agent.h"
#include "top/top_history.h"
#include "top/top_screen.h"
#include "top/top_terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <thread>

namespace sluice {

namespace {

constexpr int kPage = 10;  // rows
constexpr std::size_t kNarrowest = 40;

class Top {
 public:
  explicit Top(const TopQuestion& ask) : ask_(ask) {}

  Status look() {
    const Result<std::string> answer = ask_();
    if (!answer) {
      return answer.error();
    }
    Result<TopAgent> agent = read_top_agent(*answer);
    if (!agent) {
      return agent.error();
    }
    agent_ = *std::move(agent);
    history_.add(system_clock().elapsed(), agent_);
    return {};
  }

  [[nodiscard]] std::vector<TopLine> lines(const TopView& view) const {
    return top_lines(agent_, history_, view);
  }

 private:
  const TopQuestion& ask_;
  TopAgent agent_;
  TopHistory history_;
};

std::string help(TopSort sort) {
  return fmt::format("q quit   s sort by: {}   up/down select   enter details", word_of(sort));
}

// False: enough.
bool obey(TopKey key, const std::vector<TopLine>& lines, TopView& view) {
  switch (key) {
    case TopKey::None:
    case TopKey::Redraw:
      return true;
    case TopKey::Quit:
      return false;
    case TopKey::Sort:
      view.sort = next_of(view.sort);
      return true;
    case TopKey::Up:
      view.selected = row_beside(lines, view.selected, -1);
      return true;
    case TopKey::Down:
      view.selected = row_beside(lines, view.selected, 1);
      return true;
    case TopKey::PageUp:
      view.selected = row_beside(lines, view.selected, -kPage);
      return true;
    case TopKey::PageDown:
      view.selected = row_beside(lines, view.selected, kPage);
      return true;
    case TopKey::Open:
      if (view.open.erase(view.selected) == 0) {
        view.open.insert(view.selected);
      }
      return true;
  }
  return true;
}

}  // namespace

Status top_on_terminal(const TopQuestion& ask, std::chrono::milliseconds interval) {
  Top top(ask);
  if (Status looked = top.look(); !looked) {
    return looked;
  }
  const auto terminal = TopTerminal::open();
  if (!terminal) {
    return terminal.error();
  }
  TopView view{.unicode = (*terminal)->unicode()};
  Instant next = system_clock().elapsed() + interval;
  for (;;) {
    view.columns = std::max((*terminal)->columns(), kNarrowest);
    const std::vector<TopLine> lines = top.lines(view);
    view.selected = row_beside(lines, view.selected, 0);
    (*terminal)->draw(lines, view.selected, help(view.sort));
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - system_clock().elapsed());
    if (left.count() > 0) {
      if (!obey((*terminal)->key(left), lines, view)) {
        return {};
      }
      continue;
    }
    next += std::max<Instant::duration>(interval, system_clock().elapsed() - next);
    const Status looked = top.look();
    view.trouble = looked ? "" : looked.error().message;
  }
}

Status top_once(const TopQuestion& ask, std::ostream& out) {
  constexpr std::chrono::seconds kBetween{1};
  Top top(ask);
  if (Status looked = top.look(); !looked) {
    return looked;
  }
  std::this_thread::sleep_for(kBetween);
  if (Status looked = top.look(); !looked) {
    return looked;
  }
  constexpr std::size_t kAnyWidth = 1000;
  for (const TopLine& line : top.lines({.columns = kAnyWidth, .plots = false})) {
    out << line.text() << '\n';
  }
  return {};
}

Status top_as_json(const TopQuestion& ask, std::chrono::milliseconds interval, bool once,
                   std::ostream& out) {
  for (;;) {
    const Result<std::string> answer = ask();
    if (!answer) {
      return answer.error();
    }
    out << *answer << std::flush;
    if (once || !out) {
      return {};
    }
    std::this_thread::sleep_for(interval);
  }
}

}  // namespace sluice
