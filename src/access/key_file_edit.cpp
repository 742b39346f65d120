#include "access/key_file_edit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/new_file.h"
#include "config/toml_reader.h"

namespace qaio {
namespace {

constexpr std::string_view kFileBegin =
    "# API keys of qaio: `qaio keys` adds and revokes them, and only their hashes stand here.\n"
    "# A server that runs with this file takes its changes after a SIGHUP.\n";

tl::unexpected<Error> fault(const std::string& path, std::string_view what) {
  const int number = errno;
  return fail(number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("{}: {}{}", path, what, std::generic_category().message(number)));
}

// Where the file itself is, behind links; empty if that cannot be told.
std::filesystem::path place_of(const std::string& path) {
  std::error_code ec;
  std::filesystem::path place = std::filesystem::canonical(path, ec);
  return ec ? std::filesystem::path() : place;
}

// That a file has another name stands in its folder.
void sync_folder(const std::string& path) {
  const std::filesystem::path place = place_of(path);
  const int fd =
      place.empty() ? -1 : ::open(place.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  static_cast<void>(::fsync(fd));
  ::close(fd);
}

// The lines of a text, each with its newline.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// Nothing of a table: blank or a comment.
bool is_between(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || line[first] == '#';
}

}  // namespace

Result<KeyFileEdit> KeyFileEdit::open(const std::string& path, Missing missing) {
  KeyFileEdit edit;
  edit.path_ = path;
  QAIO_RETURN_IF_ERROR(edit.lock(missing));
  QAIO_ASSIGN(edit.text_, read_key_text(path));
  QAIO_ASSIGN(edit.keys_, parse_keys(edit.text_, path));
  return edit;
}

KeyFileEdit::KeyFileEdit(KeyFileEdit&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      is_new_(std::exchange(other.is_new_, false)),
      text_(std::move(other.text_)),
      keys_(std::move(other.keys_)) {}

KeyFileEdit::~KeyFileEdit() {
  if (lock_ < 0) return;
  if (is_new_) ::unlink(place_of(path_).c_str());  // locked: nobody else has written into it
  ::close(lock_);
}

// A rename meanwhile would leave the lock on a file that nobody reads any more.
Result<void> KeyFileEdit::lock(Missing missing) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
  for (;;) {
    lock_ = ::open(path_.c_str(), kFlags);
    const bool is_new = lock_ < 0 && errno == ENOENT && missing == Missing::kIsCreated;
    if (is_new) lock_ = ::open(path_.c_str(), kFlags | O_CREAT, S_IRUSR | S_IWUSR);
    if (lock_ < 0) return fault(path_, "");
    int locked = 0;
    do {
      locked = ::flock(lock_, LOCK_EX);
    } while (locked != 0 && errno == EINTR);
    struct stat held {};
    struct stat named {};
    if (locked != 0 || ::fstat(lock_, &held) != 0) return fault(path_, "cannot be locked: ");
    if (::stat(path_.c_str(), &named) == 0 && named.st_ino == held.st_ino &&
        named.st_dev == held.st_dev) {
      is_new_ = is_new && held.st_size == 0;
      return {};
    }
    ::close(std::exchange(lock_, -1));
  }
}

Result<void> KeyFileEdit::add(const ApiKey& key) {
  for (const ApiKey& other : keys_) {
    // `qaio keys revoke` takes either, and must not have to ask which one is meant.
    const auto is_of_other = [&](const std::string& text) {
      return text == other.name || text == other.id;
    };
    if (!is_of_other(key.name) && !is_of_other(key.id)) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: there is a key '{}' (id {}) already; choose another name, or "
                            "revoke it first",
                            path_, other.name, other.id));
  }
  if (keys_.size() >= kKeysMax) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: holds {} keys, the most there may be; revoke some", path_, keys_.size()));
  }
  std::string text = text_.empty() ? std::string(kFileBegin) : text_;
  if (!text.ends_with('\n')) text += '\n';
  text += '\n' + key_text(key);
  std::vector<ApiKey> keys = keys_;
  keys.push_back(key);
  return replace(text, std::move(keys));
}

Result<void> KeyFileEdit::remove(const std::vector<std::string>& ids) {
  QAIO_ASSIGN(const TomlFile toml, TomlFile::parse(text_, path_));
  QAIO_ASSIGN(const auto tables, toml_tables(toml, "key", kKeysMax));
  const std::vector<std::string_view> lines = lines_of(text_);
  std::vector<bool> gone(lines.size(), false);
  std::vector<ApiKey> keys;
  for (size_t i = 0; i < tables.size() && i < keys_.size(); ++i) {
    if (std::ranges::find(ids, keys_[i].id) == ids.end()) {
      keys.push_back(keys_[i]);
      continue;
    }
    const size_t begin = std::min<size_t>(tables[i]->source().begin.line - 1, lines.size());
    size_t end = i + 1 < tables.size() ? tables[i + 1]->source().begin.line - 1 : lines.size();
    end = std::clamp(end, begin, lines.size());
    // Comments ahead of the next key are that one's.
    while (end > begin + 1 && is_between(lines[end - 1])) --end;
    std::fill(gone.begin() + static_cast<ptrdiff_t>(begin),
              gone.begin() + static_cast<ptrdiff_t>(end), true);
    if (begin > 0 && lines[begin - 1] == "\n") gone[begin - 1] = true;
  }
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!gone[i]) text += lines[i];
  }
  return replace(text, std::move(keys));
}

Result<void> KeyFileEdit::replace(const std::string& text, std::vector<ApiKey> keys) {
  const auto read_back = parse_keys(text, path_);
  if (!read_back || *read_back != keys) {
    return fail(ErrorCode::kUnsupported,
                path_ +
                    ": written in a way that `qaio keys` cannot change; write each key as a "
                    "[[key]] table with one field a line, or edit the file by hand");
  }
  QAIO_ASSIGN(NewFile file, NewFile::create(path_));
  QAIO_RETURN_IF_ERROR(file.write(text));
  QAIO_RETURN_IF_ERROR(file.finish());
  is_new_ = false;
  sync_folder(path_);
  text_ = text;
  keys_ = std::move(keys);
  return {};
}

}  // namespace qaio
