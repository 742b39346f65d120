// libFuzzer: a good archive in which any values were replaced. Of each of the input's parts between
// zero bytes the first byte says in which table, the second in which column, the third as what the
// rest is stored there.
#include <charconv>
#include <filesystem>
#include <string>
#include <vector>

#include "archive/archive_checks_for_test.h"
#include "archive/sqlite_archive.h"
#include "base/clock.h"
#include "base/fuzz_file_for_test.h"
#include "record/synthetic_record_for_test.h"

namespace qaio {
namespace {

constexpr const char* kTables[] = {"requests", "tasks", "runs"};

struct Prototype {
  FuzzFolder folder;
  std::string path = folder.path("prototype.db");
  std::vector<std::string> columns[std::size(kTables)];

  Prototype() {
    static const FakeClock clock;
    auto archive = SqliteArchive::open(
        {.path = path}, {.version = "1", .model = "m", .model_hash = "h", .isa = "avx2"},
        [](ArchiveEvent, const std::string&) {}, clock);
    require(archive.has_value());
    const std::vector<RecordPtr> records = {synthetic_record_ptr(1), synthetic_record_ptr(2)};
    (*archive)->consume(records);
    require((*archive)->close().has_value() && (*archive)->written() == records.size());
    archive->reset();
    auto database = Database::open(path, Database::Mode::kReadWrite);
    require(database && database->execute("PRAGMA journal_mode = DELETE").has_value());
    for (size_t i = 0; i < std::size(kTables); ++i) {
      auto listed = database->prepare(std::string("SELECT name FROM pragma_table_info('") +
                                      kTables[i] + "')");
      require(listed.has_value());
      while (listed->step().value_or(false)) columns[i].emplace_back(listed->text(0));
      require(!columns[i].empty());
    }
  }
};

template <typename Number>
Number number_of(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void replace(Database& database, const Prototype& prototype, std::string_view part) {
  FuzzInput input(reinterpret_cast<const uint8_t*>(part.data()), part.size());
  const size_t table = input.byte() % std::size(kTables);
  const std::vector<std::string>& columns = prototype.columns[table];
  const std::string& column = columns[input.byte() % columns.size()];
  const char type = static_cast<char>(input.byte());
  const std::string_view value = input.rest();
  auto update =
      database.prepare(std::string("UPDATE OR IGNORE ") + kTables[table] + " SET \"" + column +
                       "\" = ? WHERE rowid % 2 = " + (value.size() % 2 == 0 ? "0" : "1"));
  if (!update) return;  // of a generated column
  switch (type) {
    case 'n':
      update->bind(0, std::monostate());
      break;
    case 'i':
      update->bind(0, number_of<int64_t>(value));
      break;
    case 'r':
      update->bind(0, number_of<double>(value));
      break;
    case 'b':
      update->bind_bytes(0, {reinterpret_cast<const uint8_t*>(value.data()), value.size()});
      break;
    default:
      update->bind(0, value);
      break;
  }
  static_cast<void>(update->run());
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const Prototype prototype;
  const std::string path = prototype.folder.path("archive.db");
  std::filesystem::copy_file(prototype.path, path,
                             std::filesystem::copy_options::overwrite_existing);
  {
    auto database = Database::open(path, Database::Mode::kReadWrite);
    require(database && database->execute("PRAGMA synchronous = OFF; BEGIN").has_value());
    FuzzInput input(data, size);
    for (int i = 0; i < 16 && !input.empty(); ++i) replace(*database, prototype, input.part('\0'));
    require(database->execute("COMMIT").has_value());
  }
  check_archive(path);
  return 0;
}
