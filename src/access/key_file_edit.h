// Changing the file of API keys while others may do so, too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/key_file.h"

namespace qaio {

// Holds the file for itself until it goes: another one waits in open(). Makes one change. What
// people wrote between the keys stays. Nobody ever sees a half of the change, and it is on the disk
// before it is told.
class KeyFileEdit {
 public:
  enum class Missing : uint8_t { kIsCreated, kIsAnError };
  // A new file is for its owner alone, and goes again if nothing is written into it; one that
  // exists keeps owner, group and mode. Errors as of read_keys(); kIo if it cannot be locked.
  static Result<KeyFileEdit> open(const std::string& path, Missing missing);
  KeyFileEdit(KeyFileEdit&& other) noexcept;
  KeyFileEdit& operator=(KeyFileEdit&&) = delete;
  ~KeyFileEdit();

  const std::vector<ApiKey>& keys() const { return keys_; }
  // kInvalidArgument if its name or id is the name or id of another, or there is no room.
  Result<void> add(const ApiKey& key);
  // Those with these ids, all of which are there.
  Result<void> remove(const std::vector<std::string>& ids);

 private:
  KeyFileEdit() = default;
  Result<void> lock(Missing missing);
  // Writes `text`, which must say that the keys are `keys`.
  Result<void> replace(const std::string& text, std::vector<ApiKey> keys);

  std::string path_;
  int lock_ = -1;        // the open file, locked
  bool is_new_ = false;  // made by lock(), and still empty
  std::string text_;
  std::vector<ApiKey> keys_;
};

}  // namespace qaio
