// The terminal that `sluice top` draws on. Private to top/.
#pragma once

#include "core/result.h"
#include "top/top_view.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

enum class TopKey { None, Quit, Sort, Up, Down, PageUp, PageDown, Open, Redraw };

// Takes over the terminal, and gives it back as it was when it is destroyed. There is one at a
// time.
class TopTerminal {
 public:
  // Reject: this is no terminal, or one that ncurses does not know.
  static Result<std::unique_ptr<TopTerminal>> open();
  ~TopTerminal();
  TopTerminal(const TopTerminal&) = delete;
  TopTerminal& operator=(const TopTerminal&) = delete;

  // Characters beyond ASCII can be shown.
  [[nodiscard]] bool unicode() const { return unicode_; }
  [[nodiscard]] std::size_t columns() const;

  // As many lines as there is room for, those around the selected row; below them `help`.
  void draw(const std::vector<TopLine>& lines, const std::string& selected,
            const std::string& help);
  // What was typed; None: nothing in time, or what means nothing.
  TopKey key(std::chrono::milliseconds patience);

 private:
  struct Screen;
  TopTerminal(std::unique_ptr<Screen> screen, bool unicode);

  std::unique_ptr<Screen> screen_;
  bool unicode_;
  std::size_t first_ = 0;  // line at the top
};

}  // namespace sluice
