// A process that is killed while it writes loses the records it had not yet written, nothing else.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_reader.h"
#include "archive/sqlite_archive.h"

namespace qaio {
namespace {

constexpr int kKills = 40;
constexpr size_t kBatch = 20;

class ArchiveCrashTest : public ArchiveTest {
 protected:
  // Writes records first, first + 1, ... until it is killed, and tells through the pipe after each
  // batch how many are written.
  [[noreturn]] void write_for_ever(uint64_t first, int pipe) {
    SqliteArchiveOptions options;
    options.path = path();
    options.batch_max = kBatch;
    const auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
    if (!archive) _exit(1);
    for (uint64_t n = first;; n += kBatch) {
      (*archive)->consume(records(n, kBatch));
      const uint64_t written = (*archive)->written();
      if (::write(pipe, &written, sizeof written) != sizeof written || !said_.empty()) _exit(2);
    }
  }
};

// The last number before the end of the pipe; 0: none.
uint64_t last_told(int pipe) {
  uint64_t told = 0;
  while (::read(pipe, &told, sizeof told) == sizeof told) {
  }
  return told;
}

TEST_F(ArchiveCrashTest, KilledAtAnyMomentLosesAtMostABatchAndCorruptsNothing) {
  std::mt19937_64 random(5);
  uint64_t first = 0;
  for (int kill_number = 0; kill_number < kKills; ++kill_number) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_for_ever(first, ends[1]);
    ::close(ends[1]);
    uint64_t told = 0;
    ASSERT_EQ(::read(ends[0], &told, sizeof told), ssize_t{sizeof told}) << "it wrote nothing";
    ::usleep(static_cast<useconds_t>(random() % 25'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << WEXITSTATUS(status);
    const uint64_t written = std::max(told, last_told(ends[0]));
    ::close(ends[0]);

    Database database = *Database::open(path(), Database::Mode::kReadWrite);
    EXPECT_EQ(database.integer("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    const uint64_t kept = static_cast<uint64_t>(*database.integer("SELECT count(*) FROM requests"));
    EXPECT_GE(kept, first + written);
    EXPECT_LE(kept, first + written + kBatch) << "at most the batch it could not tell of";
    first = kept;
  }
  EXPECT_GT(first, uint64_t{kKills} * kBatch);
  Result<ArchiveReader> reader = ArchiveReader::open(path());
  uint64_t n = 0;
  ASSERT_TRUE(reader->for_each({}, [&](const ArchivedRecord& one, double) {
    const RequestRecord want = synthetic_record(n++);
    EXPECT_EQ(one.record->request_id, want.request_id);
    EXPECT_EQ(one.record->tasks.size(), want.tasks.size());
    return !HasFailure();
  }));
  EXPECT_EQ(n, first) << "no gap, no duplicate";
}

}  // namespace
}  // namespace qaio
