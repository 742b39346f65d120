#include "archive/sqlite_db.h"

#include <sqlite3.h>

#include <cassert>
#include <cstring>
#include <filesystem>
#include <utility>

#include "archive/private_file.h"
#include "archive/sqlite_mappings.h"

namespace qaio {
namespace {

constexpr int kInstructionsUnasked = 10'000;  // some hundred microseconds
constexpr int kBusyTimeoutMs = 500;           // another process writes: its transactions are short

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
      return ErrorCode::kResourceExhausted;
    case SQLITE_INTERRUPT:
      return ErrorCode::kCancelled;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::kIo;
    default:
      return ErrorCode::kInternal;
  }
}

// With the system's reason, where it is the system that refused.
std::string text_of(sqlite3* database, int code, int system = 0) {
  std::string text = sqlite3_errmsg(database);
  if (system == 0) system = sqlite3_system_errno(database);
  const int kind = code & 0xff;
  if (system != 0 && (kind == SQLITE_CANTOPEN || kind == SQLITE_IOERR))
    text += " (" + std::string(std::strerror(system)) + ")";
  if (kind == SQLITE_READONLY) text += " (the file and its folder must be writable)";
  return text;
}

tl::unexpected<Error> fault(sqlite3* database) {
  const char* path = sqlite3_db_filename(database, "main");
  const int code = sqlite3_errcode(database);
  if (sqlite_mapping_lost()) {  // whatever SQLite says of zeros, it is not damaged
    return fail(ErrorCode::kResourceExhausted,
                std::string(path == nullptr ? "" : path) +
                    ": its -shm, or it itself, was truncated while it was in use");
  }
  return fail(code_of(code),
              std::string(path == nullptr ? "" : path) + ": " + text_of(database, code));
}

std::string uri_of(const std::string& path, Database::Mode mode) {
  std::string uri = "file:";
  for (const char c : path) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    if (c == '%' || c == '?' || c == '#') {
      uri += '%';
      uri += kHex[static_cast<unsigned char>(c) >> 4];
      uri += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      uri += c;
    }
  }
  return uri + (mode == Database::Mode::kReadOnly ? "?mode=ro" : "?mode=rwc");
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int parameter, const ColumnValue& value) {
  sqlite3_stmt* statement = statement_.get();
  int code = SQLITE_OK;
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    code = sqlite3_bind_int64(statement, parameter + 1, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    code = sqlite3_bind_double(statement, parameter + 1, *real);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    code =
        sqlite3_bind_text64(statement, parameter + 1, text->data() == nullptr ? "" : text->data(),
                            text->size(), SQLITE_STATIC, SQLITE_UTF8);
  } else {
    code = sqlite3_bind_null(statement, parameter + 1);
  }
  assert(code == SQLITE_OK);
  static_cast<void>(code);
  return *this;
}

Statement& Statement::bind_bytes(int parameter, std::span<const uint8_t> bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter + 1, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  const bool lost = sqlite_mapping_lost();
  if (code == SQLITE_ROW && !lost) return true;
  if (code == SQLITE_DONE && !lost) {
    reset();
    return false;
  }
  auto error = fault(sqlite3_db_handle(statement_.get()));
  reset();
  return error;
}

Result<void> Statement::run() {
  QAIO_ASSIGN(const bool row, step());
  if (row) reset();
  return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const uint8_t> Statement::bytes(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

ColumnValue Statement::value(int column) const {
  switch (sqlite3_column_type(statement_.get(), column)) {
    case SQLITE_INTEGER:
      return integer(column);
    case SQLITE_FLOAT:
      return real(column);
    case SQLITE_TEXT:
      return text(column);
    default:
      return std::monostate{};
  }
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::string& path, Mode mode) {
  guard_sqlite_mappings();
  std::error_code ec;
  if (mode == Mode::kReadOnly && !std::filesystem::exists(path, ec)) {
    return fail(ErrorCode::kNotFound, path + ": no such file");
  }
  const int flags =
      SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
      (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  // SQLite gives its -wal and -shm the same mode.
  const int uncreated = mode == Mode::kReadWrite ? create_private_file(path) : 0;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(uri_of(path, mode).c_str(), &handle, flags, nullptr);
  Database database;
  database.database_.reset(handle);
  database.path_ = path;
  if (handle == nullptr) return fail(ErrorCode::kResourceExhausted, path + ": out of memory");
  if (code != SQLITE_OK) {
    return fail(code_of(code), path + ": " + text_of(handle, code, uncreated));
  }
  // SQLite opens what it may not write for reading, and says so with the first write.
  if (mode == Mode::kReadWrite && sqlite3_db_readonly(handle, "main") == 1) {
    return fail(ErrorCode::kIo, path + ": this user may not write it");
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fault(database_.get());
  }
  return {};
}

void Database::stop_when(std::function<bool()> stop) {
  stop_ = std::make_unique<std::function<bool()>>(std::move(stop));
  const auto ask = [](void* asked) {
    return (*static_cast<std::function<bool()>*>(asked))() ? 1 : 0;
  };
  sqlite3_progress_handler(database_.get(), kInstructionsUnasked, ask, stop_.get());
}

Result<Statement> Database::prepare(const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql.c_str(), static_cast<int>(sql.size()), 0, &prepared,
                         nullptr) != SQLITE_OK) {
    return fault(database_.get());
  }
  Statement statement;
  statement.statement_.reset(prepared);
  return statement;
}

Result<int64_t> Database::integer(const std::string& sql) {
  QAIO_ASSIGN(Statement statement, prepare(sql));
  QAIO_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Result<Transaction> Transaction::begin_write(Database& database) {
  QAIO_RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Result<Transaction> Transaction::begin_read(Database& database) {
  QAIO_RETURN_IF_ERROR(database.execute("BEGIN"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // Fails harmlessly where SQLite has rolled back by itself.
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

Result<void> Transaction::commit() {
  QAIO_RETURN_IF_ERROR(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace qaio
