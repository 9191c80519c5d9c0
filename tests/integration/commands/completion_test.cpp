// Completion by the shells themselves, and the manual in the eyes of the programs that show it.
#include "tests/integration/commands/program.h"
#include "tests/support/terminal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace sluice::testing_support {
namespace {

std::set<std::string> words_in(const std::string& text) {
  std::istringstream stream(text);
  std::set<std::string> words;
  for (std::string word; stream >> word;) {
    words.insert(word);
  }
  return words;
}

class Completion : public testing::Test {
 protected:
  // Where `sluice completion` has put its script.
  std::string script(const std::string& shell) {
    std::string path = directory_.file("_sluice_" + shell);
    const Outcome outcome = run_sluice({"completion", shell});
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    std::ofstream(path) << outcome.text;
    return path;
  }

  TempDirectory directory_;
};

// A bash that somebody types into. In place of the program there is a function that prints its
// arguments, each in angle brackets.
class CompletionInBash : public Completion {
 protected:
  CompletionInBash()
      : bash_({"env", "INPUTRC=/dev/null", "PS1=$ ", "bash", "--norc", "--noprofile", "-i"}) {
    std::ofstream(directory_.file("some file.yaml")) << '\n';
    std::filesystem::create_directory(directory_.file("data"));
    bash_.type("bind 'set bell-style none'; source '" + script("bash") +
               R"('; sluice() { printf '<%s>' "$@"; printf '|\n'; }; cd ')" + directory_.path() +
               "'; echo rea''dy\n");
    EXPECT_TRUE(bash_.shows("ready\r\n")) << bash_.everything();
  }

  // Types the line, with tabs in it, and expects these arguments.
  void expect(const std::string& line, const std::string& arguments) {
    bash_.type(line + '\n');
    EXPECT_TRUE(bash_.shows(arguments + "|", std::chrono::seconds(10))) << bash_.everything();
  }

  Terminal bash_;
};

TEST_F(CompletionInBash, KnowsCommandsAndThoseBelowThem) {
  expect("sluice che\t", "<check>");
  expect("sluice buf\tver\t", "<buffer><verify>");
  expect("sluice dead re\t", "<dead><retry>");
}

TEST_F(CompletionInBash, KnowsOptionsAndTheirWords) {
  expect("sluice check --conn\t", "<check><--connect>");
  expect("sluice check --format js\t", "<check><--format><json>");
  expect("sluice check --format=te\t", "<check><--format=text>");
  expect("sluice completion f\t", "<completion><fish>");
  // The value of an option is no command: these are the options of check.
  expect("sluice check -c run --time\t", "<check><-c><run><--timeout>");
}

TEST_F(CompletionInBash, KnowsFilesAndDirectories) {
  expect("sluice check -c so\t", "<check><-c><some file.yaml>");
  expect("sluice run --config=so\t", "<run><--config=some file.yaml>");
  expect("sluice buffer ls --data-dir d\t", "<buffer><ls><--data-dir><data/>");
}

TEST_F(Completion, OfBashOffersExactlyWhatHelpShows) {
  const Outcome help = run_sluice({"buffer", "purge", "--help"});
  const Outcome offered = run_program({"bash", "-c",
                                       "source '" + script("bash") +
                                           "'; COMP_WORDS=(sluice buffer purge --) COMP_CWORD=3; "
                                           "_sluice; echo \"${COMPREPLY[@]}\""});
  ASSERT_EQ(offered.code, 0) << offered.text;
  std::set<std::string> shown;
  for (std::string word : words_in(help.text)) {
    std::ranges::replace(word, ',', ' ');
    for (const std::string& name : words_in(word)) {
      if (name.starts_with("--")) {
        shown.insert(name);
      }
    }
  }
  EXPECT_GE(shown.size(), 6U);
  EXPECT_EQ(words_in(offered.text), shown);
}

TEST_F(Completion, InFishKnowsTheSame) {
  std::ofstream(directory_.file("some.yaml")) << '\n';
  const std::string path = script("fish");
  const auto offered = [&](const std::string& line) {
    const Outcome outcome = run_program(
        {"fish", "--no-config", "-c",
         "source " + path + "; cd " + directory_.path() + "; complete -C '" + line + "'"},
        {"HOME=" + directory_.path()});
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    return words_in(outcome.text);
  };
  EXPECT_TRUE(offered("sluice che").contains("check"));
  EXPECT_TRUE(offered("sluice buffer ").contains("verify"));
  EXPECT_FALSE(offered("sluice dead ").contains("verify"));
  EXPECT_TRUE(offered("sluice check --conn").contains("--connect"));
  EXPECT_FALSE(offered("sluice run --conn").contains("--connect"));
  EXPECT_TRUE(offered("sluice check --format ").contains("json"));
  EXPECT_TRUE(offered("sluice check -c so").contains("some.yaml"));
  // The value of an option is no command.
  EXPECT_TRUE(offered("sluice check -c run --time").contains("--timeout"));
}

TEST_F(Completion, InZshKnowsTheSame) {
  const Outcome syntax = run_program({"zsh", "-n", script("zsh")});
  EXPECT_EQ(syntax.code, 0) << syntax.text;
  EXPECT_EQ(syntax.text, "");
  std::ofstream(directory_.file("some.yaml")) << '\n';
  Terminal zsh({"env", "PS1=$ ", "HOME=" + directory_.path(), "zsh", "-f", "-i"});
  zsh.type("autoload -Uz compinit; compinit -u -D; source '" + script("zsh") +
           R"('; sluice() { printf '<%s>' "$@"; printf '|\n'; }; cd ')" + directory_.path() +
           "'; echo rea''dy\n");
  ASSERT_TRUE(zsh.shows("ready\r\n")) << zsh.everything();
  const auto expect = [&zsh](const std::string& line, const std::string& arguments) {
    zsh.type(line + '\n');
    EXPECT_TRUE(zsh.shows(arguments + "|", std::chrono::seconds(10))) << zsh.everything();
  };
  expect("sluice che\t", "<check>");
  expect("sluice buf\tver\t", "<buffer><verify>");
  expect("sluice check --conn\t", "<check><--connect>");
  expect("sluice check --format js\t", "<check><--format><json>");
  expect("sluice check -c so\t", "<check><-c><some.yaml>");
}

TEST_F(Completion, OfAnotherShellIsWrongUsage) {
  EXPECT_EQ(run_sluice({"completion", "tcsh"}).code, 2);
  EXPECT_EQ(run_sluice({"completion"}).code, 2);
  EXPECT_EQ(run_sluice({"man", "8"}).code, 2);
}

class Manual : public testing::TestWithParam<std::string> {
 protected:
  // The page, as `sluice man` prints it.
  std::string page() {
    std::string path = directory_.file("page");
    const Outcome outcome = run_sluice({"man", GetParam()});
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    std::ofstream(path) << outcome.text;
    return path;
  }

  TempDirectory directory_;
};
INSTANTIATE_TEST_SUITE_P(Section, Manual, testing::Values("1", "5"),
                         [](const auto& each) { return each.param; });

TEST_P(Manual, IsReadWithoutAWarning) {
  const std::string path = page();
  const Outcome man =
      run_program({"sh", "-c", "man --warnings -l \"$1\" 2>&1 >/dev/null", "sh", path});
  EXPECT_EQ(man.code, 0);
  EXPECT_EQ(man.text, "");
  const Outcome groff = run_program({"groff", "-man", "-ww", "-z", "-Tutf8", path});
  EXPECT_EQ(groff.code, 0);
  EXPECT_EQ(groff.text, "");
}

// As plain text, without the overstriking of bold letters.
std::string rendered(const std::string& page) {
  const Outcome outcome =
      run_program({"groff", "-man", "-Tutf8", "-rLL=500n", "-P-c", "-P-b", "-P-u", page});
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  return outcome.text;
}

TEST_P(Manual, HoldsEverythingThatThereIs) {
  const std::string text = rendered(page());
  if (GetParam() == "1") {
    for (const char* part :
         {"sluice check", "--connect", "sluice init", "--no-connect", "sluice buffer purge",
          "--data-dir", "sluice dead retry", "sluice completion", "bash|zsh|fish", "78"}) {
      EXPECT_NE(text.find(part), std::string::npos) << part;
    }
    return;
  }
  // Every key of the reference, as the first word of an entry.
  std::istringstream reference(run_sluice({"docs"}).text);
  std::size_t keys = 0;
  for (std::string line; std::getline(reference, line);) {
    if (line.starts_with("| `")) {
      const std::string key = line.substr(3, line.find('`', 3) - 3);
      EXPECT_NE(text.find(' ' + key + " ("), std::string::npos) << key;
      ++keys;
    }
  }
  EXPECT_GE(keys, 100U);
  EXPECT_NE(text.find("${NAME:-default}"), std::string::npos);
  EXPECT_EQ(text.find("**"), std::string::npos);
}

TEST(Installation, PutsEverythingWhereItIsLookedFor) {
  const TempDirectory directory;
  const Outcome outcome =
      run_program({SLUICE_CMAKE, "--install", SLUICE_BUILD_DIR, "--prefix", directory.path()});
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_EQ(content_of(directory.file("share/man/man1/sluice.1")), run_sluice({"man", "1"}).text);
  EXPECT_EQ(content_of(directory.file("share/man/man5/sluice.yaml.5")),
            run_sluice({"man", "5"}).text);
  EXPECT_EQ(content_of(directory.file("share/bash-completion/completions/sluice")),
            run_sluice({"completion", "bash"}).text);
  EXPECT_EQ(content_of(directory.file("share/zsh/vendor-completions/_sluice")),
            run_sluice({"completion", "zsh"}).text);
  EXPECT_EQ(content_of(directory.file("share/fish/vendor_completions.d/sluice.fish")),
            run_sluice({"completion", "fish"}).text);
  EXPECT_EQ(run_program({directory.file("bin/sluice"), "--version"}).code, 0);
}

}  // namespace
}  // namespace sluice::testing_support
