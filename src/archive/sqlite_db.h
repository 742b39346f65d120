// SQLite in the project's words: results instead of codes, owners instead of handles.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "record/column_value.h"

struct sqlite3;
struct sqlite3_stmt;

namespace qaio {

// A prepared statement; its database outlives it. Parameters and columns count from 0.
class Statement {
 public:
  // Texts and bytes must live until the next step(). Binding a parameter that does not exist is a
  // bug.
  Statement& bind(int parameter, const ColumnValue& value);
  Statement& bind_bytes(int parameter, std::span<const uint8_t> bytes);

  // True: there is a row. False: done; the statement can be bound and run again.
  Result<bool> step();
  // Runs a statement that gives no rows.
  Result<void> run();
  // Ends a run before its last row.
  void reset();

  // Of the row step() found; texts and bytes live until the next call of anything above.
  bool is_null(int column) const;
  int64_t integer(int column) const;  // 0 for NULL
  double real(int column) const;
  std::string_view text(int column) const;
  std::span<const uint8_t> bytes(int column) const;
  ColumnValue value(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One connection. One thread at a time.
//
// Error codes: kResourceExhausted when trying again later can help (full disk, a failed write,
// another process holds the lock), kCorrupt when the file is damaged or none of SQLite's, kIo when
// it cannot be opened or written, kCancelled after stop_when(), kInternal for what would be a bug.
// Messages name the file.
class Database {
 public:
  enum class Mode : uint8_t { kReadOnly, kReadWrite };
  // kReadWrite creates the file if it is missing, for its owner alone.
  static Result<Database> open(const std::string& path, Mode mode);

  // One or more statements without parameters.
  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(const std::string& sql);
  // The first column of the first row; 0 if there is none.
  Result<int64_t> integer(const std::string& sql);
  const std::string& path() const { return path_; }

  // Asked again and again while a statement runs, at most a millisecond apart; once it says true
  // the statement ends with kCancelled.
  void stop_when(std::function<bool()> stop);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<std::function<bool()>> stop_;  // stays where SQLite calls it
  std::unique_ptr<sqlite3, Close> database_;
  std::string path_;
};

// Rolls back at the end of its scope unless it was committed.
class Transaction {
 public:
  static Result<Transaction> begin_write(Database& database);
  // Everything read until the end of the scope is of one moment.
  static Result<Transaction> begin_read(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace qaio
