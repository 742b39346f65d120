#include "access/key_file_edit.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "access/keys_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using Missing = KeyFileEdit::Missing;

class KeyFileEditTest : public testing::Test {
 protected:
  KeyFileEditTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("qaio_key_edit_" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(folder_);
  }
  ~KeyFileEditTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "keys.toml").string(); }
  std::string content() const {
    std::ifstream in(path());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  unsigned mode() const {
    struct stat info {};
    ::stat(path().c_str(), &info);
    return info.st_mode & 07777;
  }
  Result<void> add(const ApiKey& key) const {
    QAIO_ASSIGN(KeyFileEdit edit, KeyFileEdit::open(path(), Missing::kIsCreated));
    return edit.add(key);
  }
  Result<void> remove(const std::vector<std::string>& ids) const {
    QAIO_ASSIGN(KeyFileEdit edit, KeyFileEdit::open(path(), Missing::kIsAnError));
    return edit.remove(ids);
  }

  const std::filesystem::path folder_;
};

TEST_F(KeyFileEditTest, ANewFileIsForItsOwnerAlone) {
  const ApiKey key = known_key("a").key;
  ASSERT_TRUE(add(key));
  EXPECT_EQ(mode(), 0600u);
  EXPECT_EQ(read_keys(path()).value(), std::vector<ApiKey>{key});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1)
      << "nothing lies beside it";
  EXPECT_EQ(KeyFileEdit::open(path() + "x", Missing::kIsAnError).error().code,
            ErrorCode::kNotFound);
}

TEST_F(KeyFileEditTest, OneThatIsThereKeepsItsModeAndItsLink) {
  std::ofstream(folder_ / "real.toml") << "";
  std::filesystem::create_symlink("real.toml", path());
  ::chmod(path().c_str(), 0640);
  ASSERT_TRUE(add(known_key("a").key));
  EXPECT_EQ(mode(), 0640u);
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_EQ(read_keys((folder_ / "real.toml").string())->size(), 1u);
}

TEST_F(KeyFileEditTest, NamesAndIdsOccurOnce) {
  const ApiKey key = known_key("a").key;
  ASSERT_TRUE(add(key));
  ApiKey other = known_key("a").key;
  EXPECT_THAT(add(other).error().message, HasSubstr("there is a key 'a' (id " + key.id));
  other = known_key("b").key;
  other.id = key.id;
  EXPECT_FALSE(add(other));
  EXPECT_EQ(read_keys(path())->size(), 1u);
}

TEST_F(KeyFileEditTest, WhatPeopleWroteStays) {
  const std::string a = key_text(known_key("a").key);
  const ApiKey b = known_key("b").key;
  const std::string c = key_text(known_key("c").key);
  std::ofstream(path()) << "# ours\n\n# of the app\n" + a + "# a's comment inside\n\n# of b\n" +
                               key_text(b) + "requests_max = 3 # few\n\n# of c\n" + c + "# the end";
  ASSERT_TRUE(remove({b.id}));
  EXPECT_EQ(content(), "# ours\n\n# of the app\n" + a +
                           "# a's comment inside\n\n# of b\n\n# of c\n" + c + "# the end");
  const ApiKey d = known_key("d").key;
  ASSERT_TRUE(add(d));
  EXPECT_THAT(content(), testing::EndsWith(c + "# the end\n\n" + key_text(d)));
}

TEST_F(KeyFileEditTest, SeveralGoAtOnceAndTheFirstAndLastToo) {
  std::vector<ApiKey> keys;
  for (const char* name : {"a", "b", "c", "d"}) {
    keys.push_back(known_key(name).key);
    ASSERT_TRUE(add(keys.back()));
  }
  ASSERT_TRUE(remove({keys[0].id, keys[3].id}));
  EXPECT_EQ(read_keys(path()).value(), (std::vector<ApiKey>{keys[1], keys[2]}));
  ASSERT_TRUE(remove({keys[1].id, keys[2].id}));
  EXPECT_TRUE(read_keys(path())->empty());
  EXPECT_THAT(content(), HasSubstr("# API keys of qaio"));
  ASSERT_TRUE(add(keys[0]));
}

TEST_F(KeyFileEditTest, ANameIsNoOthersId) {
  const ApiKey key = known_key("a").key;
  ASSERT_TRUE(add(key));
  ApiKey other = known_key("b").key;
  other.name = key.id;
  EXPECT_THAT(add(other).error().message, HasSubstr("there is a key 'a' (id " + key.id));
  other = known_key("b").key;
  ASSERT_TRUE(add(other));
  ApiKey third = known_key("c").key;
  third.name = "k3f9x0ab";
  ASSERT_TRUE(add(third));
  other = known_key("d").key;
  other.id = third.name;
  EXPECT_FALSE(add(other));
  EXPECT_EQ(read_keys(path())->size(), 3u);
}

TEST_F(KeyFileEditTest, WhatWasMadeForNothingGoesAgain) {
  std::filesystem::create_symlink("real.toml", path());
  { ASSERT_TRUE(KeyFileEdit::open(path(), Missing::kIsCreated)); }
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "real.toml"));
  std::ofstream(folder_ / "real.toml") << "";
  { ASSERT_TRUE(KeyFileEdit::open(path(), Missing::kIsCreated)); }
  EXPECT_TRUE(std::filesystem::exists(folder_ / "real.toml")) << "it was there before";
}

// Nothing that is not understood is rewritten.
TEST_F(KeyFileEditTest, WhatCannotBeEditedIsLeftAsItIs) {
  const ApiKey key = known_key("a").key;
  std::string text = "key = [{name = \"a\", id = \"" + key.id + "\", hash = \"" +
                     hash_text(key.hash) + "\", scopes = [\"run\"]}]\n";
  std::ofstream(path()) << text;
  EXPECT_THAT(add(known_key("b").key).error().message, HasSubstr("`qaio keys` cannot change"));
  EXPECT_EQ(content(), text);
  text = "[[key]]\nname = \"a\"\n";
  std::ofstream(path()) << text;
  EXPECT_THAT(add(known_key("b").key).error().message,
              HasSubstr("keys.toml line 1: key 'a' needs"));
  EXPECT_EQ(content(), text);
}

TEST_F(KeyFileEditTest, SeveralAtOnceLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kEach = 5;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) {
        const ApiKey key = known_key(std::to_string(t) + "-" + std::to_string(i)).key;
        const Result<void> added = add(key);
        ASSERT_TRUE(added) << added.error().message;
        if (i % 2 == 0) continue;
        ASSERT_TRUE(remove({key.id}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read_keys(path())->size(), size_t{kThreads * (kEach - kEach / 2)});
}

}  // namespace
}  // namespace qaio
