#include "net/tls_files.h"

#include "tests/support/certificates.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sluice {
namespace {

using std::filesystem::copy_file;
using std::filesystem::copy_options;
using testing_support::Authority;
using testing_support::KeyPair;

class TlsFilesTest : public ::testing::Test {
 protected:
  static Authority& authority() {
    static Authority authority;  // costs a few processes
    return authority;
  }
  static const KeyPair& first() {
    static const KeyPair pair = authority().issue("first", "DNS:a", 5);
    return pair;
  }
  static const KeyPair& second() {
    static const KeyPair pair = authority().issue("second", "DNS:a", 20);
    return pair;
  }

  TlsFilesTest() {
    put_cert(first());
    put_key(first());
  }
  void put_cert(const KeyPair& pair) const { put(pair.cert, options_.cert); }
  void put_key(const KeyPair& pair) const { put(pair.key, options_.key); }
  static void put(const std::string& from, const std::string& to) {
    copy_file(from, to + ".new", copy_options::overwrite_existing);
    std::filesystem::rename(to + ".new", to);
  }
  static std::int64_t days_left(const TlsFiles& files) {
    const auto expiry = own_certificate_expiry(files.context());
    return expiry ? std::chrono::round<std::chrono::days>(*expiry - SystemClock().now()).count()
                  : -1;
  }

  testing_support::TempDirectory directory_;
  TlsOptions options_{.ca = authority().ca(),
                      .cert = directory_.file("cert.pem"),
                      .key = directory_.file("key.pem"),
                      .server_name = "",
                      .alpn = {}};
};

TEST_F(TlsFilesTest, AreLoadedAgainWhenTheyHaveBeenReplaced) {
  auto files = TlsFiles::open(options_);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(days_left(*files), 5);
  const TlsContext before = files->context();
  EXPECT_FALSE(files->refresh());
  EXPECT_EQ(files->context(), before);
  put_cert(second());
  put_key(second());
  EXPECT_TRUE(files->refresh());
  EXPECT_EQ(days_left(*files), 20);
  EXPECT_EQ(files->trouble(), "");
}

TEST_F(TlsFilesTest, KeepTheOldPairWhileTheNewOneIsIncomplete) {
  auto files = TlsFiles::open(options_);
  ASSERT_TRUE(files) << files.error().message;
  const TlsContext before = files->context();
  put_cert(second());
  EXPECT_TRUE(files->refresh());
  EXPECT_EQ(files->context(), before);
  EXPECT_NE(files->trouble().find("does not belong"), std::string::npos) << files->trouble();
  EXPECT_FALSE(files->refresh()) << "told twice";
  put_key(second());
  EXPECT_TRUE(files->refresh());
  EXPECT_EQ(files->trouble(), "");
  EXPECT_EQ(days_left(*files), 20);
}

TEST_F(TlsFilesTest, KeepTheOldPairWhenAFileIsDamagedOrGone) {
  auto files = TlsFiles::open(options_);
  ASSERT_TRUE(files) << files.error().message;
  std::ofstream(options_.cert, std::ios::trunc) << "-----BEGIN CERTIFICATE-----\nMIIB";
  EXPECT_TRUE(files->refresh());
  EXPECT_NE(files->trouble().find(options_.cert), std::string::npos) << files->trouble();
  std::filesystem::remove(options_.cert);
  EXPECT_TRUE(files->refresh());
  EXPECT_EQ(days_left(*files), 5);
  put_cert(first());
  EXPECT_TRUE(files->refresh());
  EXPECT_EQ(files->trouble(), "");
}

TEST_F(TlsFilesTest, AreRejectedAtTheStart) {
  options_.ca = directory_.file("nowhere.pem");
  EXPECT_FALSE(TlsFiles::open(options_));
}

TEST_F(TlsFilesTest, OfNobodyNeverChange) {
  auto files = TlsFiles::open({});
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_FALSE(files->refresh());
  EXPECT_EQ(own_certificate_expiry(files->context()), std::nullopt);
}

}  // namespace
}  // namespace sluice
