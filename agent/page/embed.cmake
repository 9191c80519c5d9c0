# Writes OUTPUT, a C++ file with the files of the page as they are: MARKUP, STYLE, and the SCRIPTS, a list
# separated by "|", one behind the other.
set(script "")
string(REPLACE "|" ";" scripts "${SCRIPTS}")
foreach(file IN LISTS scripts)
  file(READ "${file}" text)
  string(APPEND script "${text}")
endforeach()
file(READ "${MARKUP}" markup)
file(READ "${STYLE}" style)
foreach(text IN ITEMS markup style script)
  string(FIND "${${text}}" ")page\"" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "a file of the page contains )page\", which ends the literal that holds it")
  endif()
endforeach()
file(WRITE "${OUTPUT}" "#include \"page/files.h\"

namespace sluice {

const std::string_view kPageMarkup = R\"page(${markup})page\";
const std::string_view kPageStyle = R\"page(${style})page\";
const std::string_view kPageScript = R\"page(${script})page\";

}  // namespace sluice
")
