#include "net/secret_file.h"

#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace sluice {
namespace {

class SecretFileTest : public ::testing::Test {
 protected:
  void write(const std::string& text) const {
    std::ofstream(path_, std::ios::trunc | std::ios::binary) << text;
  }
  // The way of careful programs: a reader finds the old file or the new one.
  void replace_by(const std::string& text) const {
    std::ofstream(path_ + ".new", std::ios::binary) << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  testing_support::TempDirectory directory_;
  std::string path_ = directory_.file("token");
};

TEST_F(SecretFileTest, IsReadOnceAndAgainWhenItChanges) {
  write("one\n");
  SecretFile file(path_);
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(file.value(), "one");
  EXPECT_FALSE(file.refresh());
  write("three \r\n\n");
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(file.value(), "three");
  EXPECT_EQ(file.trouble(), "");
}

TEST_F(SecretFileTest, NoticesAnotherFileOfTheSameSizeAndTime) {
  write("one");
  SecretFile file(path_);
  file.refresh();
  const auto time = std::filesystem::last_write_time(path_);
  std::ofstream(path_ + ".new") << "two";
  std::filesystem::last_write_time(path_ + ".new", time);
  std::filesystem::rename(path_ + ".new", path_);
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(file.value(), "two");
}

TEST_F(SecretFileTest, FollowsALinkThatIsSwitchedOver) {
  std::filesystem::create_directory(directory_.file("a"));
  std::filesystem::create_directory(directory_.file("b"));
  std::ofstream(directory_.file("a/token")) << "one";
  std::ofstream(directory_.file("b/token")) << "two";
  std::filesystem::create_directory_symlink("a", directory_.file("now"));
  SecretFile file(directory_.file("now/token"));
  file.refresh();
  EXPECT_EQ(file.value(), "one");
  std::filesystem::create_directory_symlink("b", directory_.file("new"));
  std::filesystem::rename(directory_.file("new"), directory_.file("now"));
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(file.value(), "two");
}

TEST_F(SecretFileTest, KeepsTheSecretWhileTheFileMakesNoSense) {
  write("good");
  SecretFile file(path_);
  file.refresh();
  const std::string huge(100'000, 'x');
  for (const std::string& bad : {std::string(), std::string(" \n"), std::string("a\nb"),
                                 std::string("a\0b", 3), std::string("a\x7f"), huge}) {
    replace_by(bad);
    file.refresh();
    EXPECT_EQ(file.value(), "good");
    EXPECT_NE(file.trouble().find(path_), std::string::npos) << file.trouble();
  }
  std::filesystem::remove(path_);
  EXPECT_TRUE(file.refresh());
  EXPECT_FALSE(file.refresh()) << "told twice";
  EXPECT_EQ(file.value(), "good");
  EXPECT_NE(file.trouble().find("No such file"), std::string::npos) << file.trouble();
  write("good");
  EXPECT_TRUE(file.refresh()) << "the trouble is over";
  EXPECT_EQ(file.trouble(), "");
}

TEST_F(SecretFileTest, HasNoValueUntilThereIsAFile) {
  SecretFile file(path_);
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(file.value(), "");
  EXPECT_NE(file.trouble(), "");
  write("late");
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(file.value(), "late");
}

TEST_F(SecretFileTest, DoesNotWaitForAPipeOrReadADirectory) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  SecretFile pipe(path_);
  EXPECT_TRUE(pipe.refresh());
  EXPECT_NE(pipe.trouble(), "");
  SecretFile directory(directory_.path());
  EXPECT_TRUE(directory.refresh());
  EXPECT_NE(directory.trouble().find("directory"), std::string::npos) << directory.trouble();
}

}  // namespace
}  // namespace sluice
