// The language of manual pages.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Text that is printed as it stands, wherever in a line it is put. ASCII only comes out.
std::string roff_text(std::string_view text);

// The same, of a text with `code`, **strong** and *emphasis* in it.
std::string roff_marked(std::string_view text);

// What `sluice docs` prints, as the body of a manual page: headings, paragraphs, lists, indented
// examples, and tables, whose rows become entries of a list.
std::string roff_of_markdown(std::string_view markdown);

}  // namespace sluice
