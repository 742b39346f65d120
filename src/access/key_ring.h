// The keys of a running server: who may do what, how much of it, and what each has done.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/api_key.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "record/outcome.h"
#include "record/record.h"

namespace qaio {

enum class KeyRefusal : uint8_t {
  kMissing,      // none was sent
  kInvalid,      // none of the ring's
  kExpired,      // its time is over
  kScope,        // it is not for this
  kRequestsMax,  // too many of its requests are in the model
  kRate,         // too many requests within a minute
  kTokenRate,    // too many tokens within a minute
};
inline constexpr size_t kKeyRefusals = static_cast<size_t>(KeyRefusal::kTokenRate) + 1;

// What a request with a key wants.
struct KeyUse {
  std::optional<Scope> scope = {};  // which it needs; none: any key will do
  bool counts = true;               // among the requests of a minute
  bool runs_model = false;          // needs a place, and tokens
};

// One key as it stands, and what it did since the server started.
struct KeyFigures {
  ApiKey key;
  std::array<uint64_t, kOutcomeCount> requests{};  // that ended, by what became of them
  std::array<uint64_t, kKeyRefusals> refusals{};   // of those
  uint64_t running = 0;                            // in the model, or on the way there
  uint64_t prompt_tokens = 0;
  uint64_t completion_tokens = 0;
  std::optional<int64_t> last_used_unix_ms = {};
};

struct KeyRingFigures {
  std::vector<KeyFigures> keys;  // in the order of the file
  uint64_t missing = 0;          // requests without a key
  uint64_t invalid = 0;          // with one that is none
};

// What a reload changed.
struct KeyChanges {
  size_t keys = 0;  // there are now
  size_t added = 0;
  size_t revoked = 0;
  size_t changed = 0;  // scopes, limits, expiry or name
};

class KeyRing;

// A request that came with a key of the ring. Its place among those at once is given back by
// charge() or with it. One thread at a time.
class KeyTicket {
 public:
  KeyTicket() = default;  // of a request without one
  KeyTicket(KeyTicket&&) noexcept = default;
  KeyTicket& operator=(KeyTicket&& other) noexcept;
  ~KeyTicket() { give_back(); }

  explicit operator bool() const { return entry_ != nullptr; }
  const std::string& name() const { return name_; }
  const std::string& id() const { return id_; }

  // When the work is done: its tokens count, and its place is another's. Before the client can know
  // that it is. Once; later calls do nothing.
  void charge(const RequestRecord& record, TimeNs now_ns);
  // When the request has ended.
  void count(const RequestRecord& record);
  // Whether the key has been revoked or has expired meanwhile.
  bool over(int64_t now_unix_ms) const;

 private:
  friend class KeyRing;
  struct Entry;
  void give_back();

  std::shared_ptr<KeyRing> ring_;
  std::shared_ptr<Entry> entry_;
  std::string name_;
  std::string id_;
  bool has_place_ = false;
  bool charged_ = false;
};

// Thread-safe.
class KeyRing : public std::enable_shared_from_this<KeyRing> {
 public:
  struct Answer {
    std::optional<KeyRefusal> refusal = {};
    std::chrono::nanoseconds retry_after{0};  // when a limit refused it
    KeyTicket ticket;                         // also of one that is refused, if the key is known
    KeyLimits limits = {};                    // the key's
  };

  explicit KeyRing(const std::vector<ApiKey>& keys);

  // `key` as the client sent it; absent: it sent none. Whether there is such an id takes as long to
  // find out as whether the secret is right.
  Answer admit(const std::optional<std::string_view>& key, const KeyUse& use, TimeNs now_ns,
               int64_t now_unix_ms);

  // Those with an id and hash that they had before go on with what they have used; the others are
  // of no use from now on.
  KeyChanges replace(const std::vector<ApiKey>& keys);

  KeyRingFigures figures() const;

 private:
  friend class KeyTicket;
  using Entry = KeyTicket::Entry;

  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_ QAIO_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::shared_ptr<Entry>> by_id_ QAIO_GUARDED_BY(mutex_);
  uint64_t missing_ QAIO_GUARDED_BY(mutex_) = 0;
  uint64_t invalid_ QAIO_GUARDED_BY(mutex_) = 0;
};

}  // namespace qaio
