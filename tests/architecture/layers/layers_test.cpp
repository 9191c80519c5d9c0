// Holds the #include lines of the whole tree against the one picture of its layers.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

namespace fs = std::filesystem;

// Folder -> folders whose headers it may include besides its own. Keep in step with
// docs/architecture.md, which shows the same table.
const std::map<std::string, std::set<std::string>> kLayers = {
    {"core", {}},
    {"net", {"core"}},
    {"admin", {"core", "net"}},
    {"sources", {"core", "net"}},
    {"json", {"core"}},
    {"decoders", {"core", "json"}},
    {"transforms", {"core", "json"}},
    {"pipeline", {"core"}},
    {"buffers", {"core"}},
    {"uplink", {"core", "net"}},
    {"tools", {"core", "admin", "buffers"}},
    {"metrics", {"core"}},
    {"page", {"core", "admin"}},
    {"top", {"core", "tools"}},
    {"config",
     {"core", "net", "admin", "sources", "decoders", "transforms", "pipeline", "buffers",
      "uplink"}},
    {"commands",
     {"core", "net", "tools", "metrics", "page", "top", "admin", "sources", "decoders",
      "transforms", "pipeline", "buffers", "uplink", "config"}},
    {"main.cpp", {"commands"}},
};

// "agent/core/result.h" and "core/result.h" are both in the folder "core".
std::string folder_of(const fs::path& path) {
  auto part = path.begin();
  if (*part == "agent") {
    ++part;
  }
  return part->string();
}

std::vector<fs::path> files_below(const fs::path& root) {
  std::vector<fs::path> files;
  for (const char* top : {"agent", "buffers", "uplink", "config"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension == ".h" || extension == ".cpp") {
        files.push_back(entry.path());
      }
    }
  }
  return files;
}

std::vector<std::string> captures_of(const fs::path& path, const std::regex& pattern) {
  std::vector<std::string> found;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) {
      found.push_back(match[1]);
    }
  }
  return found;
}

TEST(Layers, EachFolderIncludesOnlyTheFoldersBelowIt) {
  const fs::path root = SLUICE_SOURCE_DIR;
  const std::regex quoted("^\\s*#\\s*include\\s*\"([^\"]+)\"");
  int checked = 0;
  for (const fs::path& file : files_below(root)) {
    const std::string folder = folder_of(fs::relative(file, root));
    const auto layer = kLayers.find(folder);
    ASSERT_NE(layer, kLayers.end()) << folder << " is not in the picture";
    for (const std::string& include : captures_of(file, quoted)) {
      const std::string used = folder_of(fs::path(include));
      EXPECT_TRUE(used == folder || layer->second.contains(used))
          << file << " includes " << include << ": " << folder << " may not use " << used;
      ++checked;
    }
  }
  EXPECT_GT(checked, 0);
}

TEST(Layers, CoreIncludesTheStandardLibraryOnly) {
  const fs::path root = SLUICE_SOURCE_DIR;
  const std::regex angled(R"(^\s*#\s*include\s*<([^>]+)>)");
  for (const fs::path& file : files_below(root)) {
    if (folder_of(fs::relative(file, root)) != "core") {
      continue;
    }
    for (const std::string& include : captures_of(file, angled)) {
      EXPECT_EQ(include.find_first_of("./"), std::string::npos)
          << file << " includes <" << include << ">, which is not a standard header";
    }
  }
}

// Two types of one name in two folders are a violation of the one-definition rule that neither
// compiler nor linker reports: the program calls the destructor of the other.
TEST(Layers, NoTypeNameIsUsedTwice) {
  const fs::path root = SLUICE_SOURCE_DIR;
  const std::regex definition(R"(^(?:class|struct|enum class) ([A-Z]\w*[a-z]\w*)[^;(]*\{)");
  std::map<std::string, fs::path> defined;
  for (const fs::path& file : files_below(root)) {
    if (file.extension() != ".h") {
      continue;
    }
    for (const std::string& name : captures_of(file, definition)) {
      const auto [other, is_new] = defined.emplace(name, file);
      EXPECT_TRUE(is_new) << name << " is defined in " << other->second << " and in " << file;
    }
  }
  EXPECT_GT(defined.size(), 20U);
}

// Classes of simdjson look different without the definitions that come with its target: another
// violation that shows only when an optimised program crashes.
TEST(Layers, WhoIncludesSimdjsonLinksIt) {
  const fs::path root = SLUICE_SOURCE_DIR;
  const std::regex include(R"(^\s*#\s*include\s*<(simdjson\.h)>)");
  const std::regex link(R"((simdjson::simdjson))");
  int checked = 0;
  for (const fs::path& file : files_below(root)) {
    if (captures_of(file, include).empty()) {
      continue;
    }
    ++checked;
    const fs::path list = file.parent_path() / "CMakeLists.txt";
    EXPECT_FALSE(captures_of(list, link).empty())
        << file << " includes it, " << list << " does not";
  }
  EXPECT_GT(checked, 0);
}

TEST(Layers, NoFileIsTooLongToRead) {
  constexpr int kMostLines = 400;
  const fs::path root = SLUICE_SOURCE_DIR;
  for (const fs::path& file : files_below(root)) {
    int lines = 0;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
      ++lines;
    }
    EXPECT_LE(lines, kMostLines) << file << ": split it";
  }
}

}  // namespace
}  // namespace sluice
