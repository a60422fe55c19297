// Files are read whole, and only files: nothing that could block or never end.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

namespace {

int always() {
  return 1;
}

class File : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/rfctls-file-XXXXXX";
    ASSERT_NE(mkdtemp(&pattern[0]), nullptr);
    folder = pattern;
    path = folder + "/it";
  }
  void TearDown() override {
    rfctls__set_alloc_hook(nullptr);
    rfctls__buffer_release(&buffer);
    unlink(path.c_str());
    rmdir(folder.c_str());
  }
  void write(const std::string &text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string text() const {
    rfctls__bytes bytes = rfctls__buffer_bytes(&buffer);
    return std::string(reinterpret_cast<const char *>(bytes.data), bytes.size);
  }
  void append(const char *what) {
    ASSERT_EQ(rfctls__buffer_append(&buffer, what, std::string(what).size()), RFCTLS_OK);
  }

  std::string folder, path;
  rfctls__buffer buffer = {};
};

TEST_F(File, IsAppendedToByItsOwnerAlone) {
  struct stat facts = {};
  const std::string text = "line\n";
  const rfctls__bytes bytes = {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
  ASSERT_EQ(rfctls__file_append(path.c_str(), {nullptr, 0}), RFCTLS_OK);
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(facts.st_size, 0);
  EXPECT_EQ(rfctls__file_append(path.c_str(), bytes), RFCTLS_OK);
  EXPECT_EQ(rfctls__file_append(path.c_str(), bytes), RFCTLS_OK);
  ASSERT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_OK);
  EXPECT_EQ(this->text(), text + text);
}

TEST_F(File, IsNotAppendedToWhereItIsNone) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(rfctls__file_append(path.c_str(), {nullptr, 0}), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls__file_append(folder.c_str(), {nullptr, 0}), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls__file_append((folder + "/a/b").c_str(), {nullptr, 0}), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls__file_append("/dev/full", {nullptr, 0}), RFCTLS_E_SYSTEM);
}

TEST_F(File, IsReadWholeAndAppended) {
  std::string content;
  for (int i = 0; i < 100000; i++) {
    content += static_cast<char>(i * 7);
  }
  write(content);
  append("before");
  ASSERT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_OK);
  EXPECT_EQ(text(), "before" + content);
}

TEST_F(File, MayBeEmpty) {
  write("");
  append("before");
  ASSERT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_OK);
  EXPECT_EQ(text(), "before");
}

TEST_F(File, WithoutASizeIsReadToItsEnd) {
  if (access("/proc/self/status", R_OK) != 0) {
    GTEST_SKIP() << "no /proc here";
  }
  ASSERT_EQ(rfctls__file_read("/proc/self/status", &buffer), RFCTLS_OK);
  EXPECT_NE(text().find("Threads:"), std::string::npos);
}

TEST_F(File, ThatIsMissingIsNamed) {
  append("before");
  EXPECT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), ENOENT);
  EXPECT_EQ(rfctls_error_message(), "cannot open " + path + ": No such file or directory");
  EXPECT_EQ(text(), "before");
}

TEST_F(File, IsNotADirectory) {
  EXPECT_EQ(rfctls__file_read(folder.c_str(), &buffer), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_message(), folder + " is not a regular file");
}

TEST_F(File, IsNotAFifoAndDoesNotWaitForItsWriter) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  alarm(10);
  EXPECT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_E_SYSTEM);
  alarm(0);
  EXPECT_EQ(rfctls_error_message(), path + " is not a regular file");
}

TEST_F(File, IsNotADevice) {
  EXPECT_EQ(rfctls__file_read("/dev/zero", &buffer), RFCTLS_E_SYSTEM);
  EXPECT_STREQ(rfctls_error_message(), "/dev/zero is not a regular file");
}

TEST_F(File, HasALimit) {
  write("");
  ASSERT_EQ(truncate(path.c_str(), RFCTLS__FILE_LIMIT), 0);
  ASSERT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_OK);
  EXPECT_EQ(rfctls__buffer_size(&buffer), static_cast<size_t>(RFCTLS__FILE_LIMIT));
  rfctls__buffer_release(&buffer);
  ASSERT_EQ(truncate(path.c_str(), RFCTLS__FILE_LIMIT + 1), 0);
  EXPECT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_E_LIMIT);
  EXPECT_EQ(rfctls__buffer_size(&buffer), 0u);
}

TEST_F(File, WithoutMemoryLeavesTheBufferAsItWas) {
  write(std::string(1000, 'x'));
  append("before");
  rfctls__set_alloc_hook(always);
  EXPECT_EQ(rfctls__file_read(path.c_str(), &buffer), RFCTLS_E_MEMORY);
  EXPECT_EQ(text(), "before");
}

}  // namespace
