#include "access/key_ring.h"

#include <algorithm>
#include <utility>

#include "access/rate_bucket.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

// What a secret of no key is compared with.
constexpr KeyHash kNoHash{};

uint64_t& of(std::array<uint64_t, kKeyRefusals>& counts, KeyRefusal refusal) {
  return counts[static_cast<size_t>(refusal)];
}

}  // namespace

// All of it is guarded by the ring's mutex.
struct KeyTicket::Entry {
  KeyFigures figures;
  RateBucket requests;
  RateBucket tokens;
  bool revoked = false;

  void set_key(const ApiKey& key) {
    figures.key = key;
    requests.set_rate(key.limits.requests_per_minute);
    tokens.set_rate(key.limits.tokens_per_minute);
  }

  // What stands in the way; if nothing does, all of it is taken.
  std::optional<KeyRefusal> take(const KeyUse& use, TimeNs now_ns, int64_t now_unix_ms,
                                 std::chrono::nanoseconds& retry_after) {
    const ApiKey& key = figures.key;
    if (key.expired(now_unix_ms)) return KeyRefusal::kExpired;
    if (use.scope && !key.scopes.allows(*use.scope)) return KeyRefusal::kScope;
    const auto wait = [&](int64_t ns) {
      retry_after = std::chrono::nanoseconds(ns);
      return ns > 0;
    };
    if (use.counts && wait(requests.wait_ns(now_ns))) return KeyRefusal::kRate;
    if (use.runs_model && wait(tokens.wait_ns(now_ns))) return KeyRefusal::kTokenRate;
    const uint64_t places = key.limits.requests_max;
    if (use.runs_model && places > 0 && figures.running >= places) return KeyRefusal::kRequestsMax;
    if (use.counts) requests.take(1, now_ns);
    if (use.runs_model) ++figures.running;
    return std::nullopt;
  }
};

KeyTicket& KeyTicket::operator=(KeyTicket&& other) noexcept {
  give_back();
  ring_ = std::move(other.ring_);
  entry_ = std::move(other.entry_);
  name_ = std::move(other.name_);
  id_ = std::move(other.id_);
  has_place_ = std::exchange(other.has_place_, false);
  charged_ = other.charged_;
  return *this;
}

void KeyTicket::give_back() {
  if (!entry_ || !std::exchange(has_place_, false)) return;
  const MutexLock lock(ring_->mutex_);
  --entry_->figures.running;
}

void KeyTicket::charge(const RequestRecord& record, TimeNs now_ns) {
  if (!entry_ || std::exchange(charged_, true)) return;
  uint64_t prompt = 0;
  uint64_t completion = 0;
  for (const TaskRecord& task : record.tasks) {
    prompt += static_cast<uint64_t>(all_prompt_tokens(task.counters));
    completion += task.counters.completion_tokens;
  }
  give_back();
  if (prompt + completion == 0) return;
  const MutexLock lock(ring_->mutex_);
  entry_->figures.prompt_tokens += prompt;
  entry_->figures.completion_tokens += completion;
  entry_->tokens.take(prompt + completion, now_ns);
}

void KeyTicket::count(const RequestRecord& record) {
  if (!entry_) return;
  const MutexLock lock(ring_->mutex_);
  ++entry_->figures.requests[static_cast<size_t>(outcome_of(record))];
}

bool KeyTicket::over(int64_t now_unix_ms) const {
  if (!entry_) return false;
  const MutexLock lock(ring_->mutex_);
  return entry_->revoked || entry_->figures.key.expired(now_unix_ms);
}

KeyRing::KeyRing(const std::vector<ApiKey>& keys) { replace(keys); }

KeyRing::Answer KeyRing::admit(const std::optional<std::string_view>& key, const KeyUse& use,
                               TimeNs now_ns, int64_t now_unix_ms) {
  Answer answer;
  if (!key) {
    const MutexLock lock(mutex_);
    ++missing_;
    answer.refusal = KeyRefusal::kMissing;
    return answer;
  }
  const std::string id(id_of_key(*key).value_or(""));
  const Result<KeyHash> hash = hash_of_key(*key);
  const MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  const bool known = found != by_id_.end();
  const bool right =
      hash && same_hash(*hash, known ? found->second->figures.key.hash : kNoHash) && known;
  if (!right) {
    ++invalid_;
    answer.refusal = KeyRefusal::kInvalid;
    return answer;
  }
  Entry& entry = *found->second;
  answer.refusal = entry.take(use, now_ns, now_unix_ms, answer.retry_after);
  if (answer.refusal) ++of(entry.figures.refusals, *answer.refusal);
  entry.figures.last_used_unix_ms = now_unix_ms;
  answer.limits = entry.figures.key.limits;
  answer.ticket.ring_ = shared_from_this();
  answer.ticket.entry_ = found->second;
  answer.ticket.name_ = entry.figures.key.name;
  answer.ticket.id_ = id;
  answer.ticket.has_place_ = use.runs_model && !answer.refusal;
  return answer;
}

KeyChanges KeyRing::replace(const std::vector<ApiKey>& keys) {
  KeyChanges changes{.keys = keys.size()};
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Entry>> entries;
  std::unordered_map<std::string, std::shared_ptr<Entry>> by_id;
  for (const ApiKey& key : keys) {
    const auto old = by_id_.find(key.id);
    const bool same = old != by_id_.end() && old->second->figures.key.hash == key.hash;
    std::shared_ptr<Entry> entry = same ? old->second : std::make_shared<Entry>();
    if (!same) ++changes.added;
    if (same && entry->figures.key != key) ++changes.changed;
    entry->set_key(key);
    by_id.emplace(key.id, entry);
    entries.push_back(std::move(entry));
  }
  for (const std::shared_ptr<Entry>& old : entries_) {
    if (std::ranges::find(entries, old) != entries.end()) continue;
    old->revoked = true;
    ++changes.revoked;
  }
  entries_ = std::move(entries);
  by_id_ = std::move(by_id);
  return changes;
}

KeyRingFigures KeyRing::figures() const {
  const MutexLock lock(mutex_);
  KeyRingFigures figures{.keys = {}, .missing = missing_, .invalid = invalid_};
  for (const std::shared_ptr<Entry>& entry : entries_) figures.keys.push_back(entry->figures);
  return figures;
}

}  // namespace qaio
