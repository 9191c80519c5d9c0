// The files of the page, as they were when the program was built. Private to page/.
#pragma once

#include <string_view>

namespace sluice {

extern const std::string_view kPageMarkup;  // with <style></style> and <script></script> to fill
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace sluice
