#include "top/top_terminal.h"

#include "top/top_words.h"

#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <string_view>

#define NCURSES_NOMACROS  // timeout, move, erase and others are names that are used elsewhere
#include <curses.h>

namespace sluice {

namespace {

// Numbers of colours, as ncurses counts them; 0 is the terminal's own.
constexpr short kGood = 1;
constexpr short kWarn = 2;
constexpr short kBad = 3;
constexpr short kPlot = 4;

// NOLINTBEGIN(concurrency-mt-unsafe): there is one thread, as ncurses demands anyway

bool wants_colours() {
  return std::getenv("NO_COLOR") == nullptr;
}

std::string name_of_terminal() {
  const char* name = std::getenv("TERM");
  return name != nullptr ? name : "";
}

// ncurses writes what the locale of the environment can show.
bool use_locale() {
  return std::setlocale(LC_CTYPE, "") != nullptr &&
         std::string_view(nl_langinfo(CODESET)) == "UTF-8";
}

// NOLINTEND(concurrency-mt-unsafe)

void choose_colours() {
  if (!wants_colours() || !has_colors()) {
    return;
  }
  start_color();
  use_default_colors();
  constexpr short kAsItIs = -1;
  init_pair(kGood, COLOR_GREEN, kAsItIs);
  init_pair(kWarn, COLOR_YELLOW, kAsItIs);
  init_pair(kBad, COLOR_RED, kAsItIs);
  init_pair(kPlot, COLOR_CYAN, kAsItIs);
}

// Without colours what is bad is bold at least.
attr_t attributes_of(TopStyle style) {
  switch (style) {
    case TopStyle::Plain:
    case TopStyle::Good:
    case TopStyle::Plot:
      return A_NORMAL;
    case TopStyle::Strong:
    case TopStyle::Warn:
    case TopStyle::Bad:
      return A_BOLD;
    case TopStyle::Soft:
      return A_DIM;
  }
  return A_NORMAL;
}

short pair_of(TopStyle style) {
  switch (style) {
    case TopStyle::Good:
      return kGood;
    case TopStyle::Warn:
      return kWarn;
    case TopStyle::Bad:
      return kBad;
    case TopStyle::Plot:
      return kPlot;
    case TopStyle::Plain:
    case TopStyle::Strong:
    case TopStyle::Soft:
      return 0;
  }
  return 0;
}

TopKey key_of(int typed) {
  switch (typed) {
    case 'q':
    case 'Q':
      return TopKey::Quit;
    case 's':
      return TopKey::Sort;
    case KEY_UP:
    case 'k':
      return TopKey::Up;
    case KEY_DOWN:
    case 'j':
      return TopKey::Down;
    case KEY_PPAGE:
      return TopKey::PageUp;
    case KEY_NPAGE:
      return TopKey::PageDown;
    case '\n':
    case '\r':
    case ' ':
    case KEY_ENTER:
      return TopKey::Open;
    case KEY_RESIZE:
    case '\f':
      return TopKey::Redraw;
    default:
      return TopKey::None;
  }
}

std::size_t size(int number) {
  return static_cast<std::size_t>(std::max(0, number));
}

}  // namespace

struct TopTerminal::Screen {
  explicit Screen(SCREEN* opened) : screen(opened) {}
  ~Screen() {
    endwin();
    delscreen(screen);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  SCREEN* screen;
};

Result<std::unique_ptr<TopTerminal>> TopTerminal::open() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
    return Error{Reaction::Reject,
                 "this is not a terminal: use --once for text, --json for figures"};
  }
  const bool unicode = use_locale();
  SCREEN* opened = newterm(nullptr, stdout, stdin);
  if (opened == nullptr) {
    return Error{Reaction::Reject, "the terminal \"" + name_of_terminal() +
                                       "\" is not known here: set TERM to xterm or vt100, or use "
                                       "--once"};
  }
  auto screen = std::make_unique<Screen>(opened);
  choose_colours();
  cbreak();
  noecho();
  curs_set(0);
  keypad(stdscr, true);
  return std::unique_ptr<TopTerminal>(new TopTerminal(std::move(screen), unicode));
}

TopTerminal::TopTerminal(std::unique_ptr<Screen> screen, bool unicode)
    : screen_(std::move(screen)), unicode_(unicode) {
}

TopTerminal::~TopTerminal() = default;

std::size_t TopTerminal::columns() const {
  return size(getmaxx(stdscr));
}

void TopTerminal::draw(const std::vector<TopLine>& lines, const std::string& selected,
                       const std::string& help) {
  const std::size_t rows = size(getmaxy(stdscr));
  const std::size_t width = columns();
  const std::size_t room = rows > 1 ? rows - 1 : 1;
  first_ = line_at_top(lines, selected, first_, room);
  werase(stdscr);
  for (std::size_t i = 0; i < room && first_ + i < lines.size(); ++i) {
    const TopLine& line = lines[first_ + i];
    const attr_t reverse = !line.row.empty() && line.row == selected ? A_REVERSE : A_NORMAL;
    wmove(stdscr, static_cast<int>(i), 0);
    std::size_t used = 0;
    for (const TopSpan& span : line.spans) {
      const std::string text = cut_to(span.text, width - used);
      used += columns_of(text);
      wattr_set(stdscr, attributes_of(span.style) | reverse, pair_of(span.style), nullptr);
      waddstr(stdscr, text.c_str());
    }
    if (reverse != A_NORMAL) {
      waddstr(stdscr, std::string(width - used, ' ').c_str());
    }
  }
  wattr_set(stdscr, A_DIM, 0, nullptr);
  // One less: the last cell of the screen would make it scroll.
  mvwaddstr(stdscr, static_cast<int>(rows) - 1, 0, cut_to(help, width > 0 ? width - 1 : 0).c_str());
  wrefresh(stdscr);
}

TopKey TopTerminal::key(std::chrono::milliseconds patience) {
  wtimeout(stdscr, static_cast<int>(patience.count()));
  return key_of(wgetch(stdscr));
}

}  // namespace sluice
