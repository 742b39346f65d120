#include "model/decision_keys.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace qaio {
namespace {

// Those whose answers are the logits of labels where the reply begins.
constexpr std::array kPlainTypes = std::to_array<std::string_view>({"openjev", "lev", "nimble"});
constexpr std::string_view kKnownTypes = "'openjev', 'lev' and 'nimble' are known";

struct OtherType {
  std::string_view name;
  std::string_view why;
};
constexpr auto kOtherTypes = std::to_array<OtherType>({
    {"kev", "compares hidden states by a head of its own"},
    {"laya", "is an encoder that scores mask tokens"},
    {"clef", "answers all questions at once by a head of its own"},
    {"pplx-decider", "has codes in the place of its output head's words"},
    {"vllm-d3",
     "has codes in the place of its output head's words, and attention that looks ahead"},
    {"lfm2-d1", "is no Qwen model"},
    {"lfm2-d1-omni", "is no Qwen model and scores mask tokens"},
});

struct Bucket {
  std::string_view suffix;
  uint64_t options_max;
};
constexpr auto kBuckets = std::to_array<Bucket>(
    {{".2", 2}, {".3_5", 5}, {".6_10", 10}, {".11", DecisionTemperature::kAnyOptions}});
constexpr auto kLevBuckets = std::to_array<Bucket>(
    {{".small", 8}, {".mid", 26}, {".large", DecisionTemperature::kAnyOptions}});

// The file's keys behind the prefix, each taken off by whoever reads it.
class Keys {
 public:
  explicit Keys(const GgufFile& file) : file_(file) {
    const auto architecture = file.get_string("general.architecture", "");
    prefix_ = std::string(architecture.value_or("")) + "." + std::string(kDecisionPrefix);
    for (const GgufEntry& entry : file.metadata()) {
      if (entry.key.starts_with(prefix_)) left_.emplace(entry.key.substr(prefix_.size()), &entry);
    }
  }

  const GgufEntry* take(const std::string& key) {
    const auto it = left_.find(key);
    if (it == left_.end()) return nullptr;
    const GgufEntry* entry = it->second;
    left_.erase(it);
    return entry;
  }
  // Of either kind of number.
  Result<double> number(const GgufEntry& entry) const {
    if (entry.type == GgufType::kFloat32 || entry.type == GgufType::kFloat64)
      return file_.get_float(entry.key);
    QAIO_ASSIGN(const int64_t whole, file_.get_int(entry.key, INT64_MIN, INT64_MAX));
    return static_cast<double>(whole);
  }
  Result<void> refuse_left() const {
    if (left_.empty()) return {};
    return unsupported(*left_.begin()->second, "a setting that this program does not know");
  }
  tl::unexpected<Error> unsupported(const GgufEntry& entry, std::string_view why) const {
    return fail(ErrorCode::kUnsupported, named(entry) + ", " + std::string(why));
  }
  tl::unexpected<Error> corrupt(const GgufEntry& entry, std::string_view why) const {
    return fail(ErrorCode::kCorrupt, named(entry) + ", " + std::string(why));
  }

 private:
  std::string named(const GgufEntry& entry) const {
    return file_.label() + ": metadata entry " + quoted_name(entry.key) + " is " +
           GgufFile::describe(entry);
  }

  const GgufFile& file_;
  std::string prefix_;
  std::map<std::string, const GgufEntry*, std::less<>> left_;
};

Result<std::string> read_type(const GgufFile& file, Keys& keys) {
  const GgufEntry* entry = keys.take("type");
  if (entry == nullptr) return std::string();
  QAIO_ASSIGN(const std::string_view type, file.get_string(entry->key));
  if (type.empty() || std::ranges::find(kPlainTypes, type) != kPlainTypes.end())
    return std::string(type);
  const auto other = std::ranges::find(kOtherTypes, type, &OtherType::name);
  if (other == kOtherTypes.end()) {
    return keys.unsupported(
        *entry, "a decision model that this program does not know; " + std::string(kKnownTypes));
  }
  return keys.unsupported(*entry, "a decision model that " + std::string(other->why) +
                                      ": its answers are not read from the output head of a "
                                      "language model, as " +
                                      std::string(kPlainTypes[0]) + "'s are");
}

Result<double> read_temperature(Keys& keys, const std::string& key, double fallback, bool& found) {
  const GgufEntry* entry = keys.take("temperature." + key);
  if (entry == nullptr) return fallback;
  found = true;
  QAIO_ASSIGN(const double value, keys.number(*entry));
  if (!(value > 0)) return keys.corrupt(*entry, "and a temperature is above 0");
  return value;
}

// One without a number of options is for those that have none of their own.
Result<std::vector<DecisionTemperature>> read_temperatures(Keys& keys, const std::string& kind,
                                                           std::span<const Bucket> buckets) {
  std::vector<DecisionTemperature> out;
  bool found = false;
  QAIO_ASSIGN(const double any, read_temperature(keys, kind, 1, found));
  for (const Bucket& bucket : buckets) {
    QAIO_ASSIGN(const double temperature,
                read_temperature(keys, kind + std::string(bucket.suffix), any, found));
    if (!out.empty() && out.back().temperature == temperature) {
      out.back().options_max = bucket.options_max;
    } else {
      out.push_back({bucket.options_max, temperature});
    }
  }
  if (!found) out.clear();
  return out;
}

}  // namespace

Result<void> validate_decision_keys(const DecisionKeys& keys, const std::string& label) {
  for (const auto* list : {&keys.choice, &keys.score, &keys.yes_no}) {
    uint64_t before = 0;
    for (const auto& [options_max, temperature] : *list) {
      if (!(temperature > 0) || !std::isfinite(temperature) || options_max <= before)
        return fail(ErrorCode::kCorrupt, label + ": a temperature of decisions is out of range");
      before = options_max;
    }
  }
  return {};
}

Result<DecisionKeys> decision_keys_from_gguf(const GgufFile& file) {
  Keys keys(file);
  DecisionKeys out;
  QAIO_ASSIGN(out.type, read_type(file, keys));
  const std::span<const Bucket> buckets =
      out.type == "lev" ? std::span<const Bucket>(kLevBuckets) : kBuckets;
  QAIO_ASSIGN(out.choice, read_temperatures(keys, "choice", buckets));
  QAIO_ASSIGN(out.score, read_temperatures(keys, "score", buckets));
  QAIO_ASSIGN(out.yes_no, read_temperatures(keys, "noul", buckets));
  keys.take("max_head_tokens");  // how much of a question an encoder reads: these read all of it
  if (const GgufEntry* entry = keys.take("block_count")) {
    QAIO_ASSIGN(const double blocks, keys.number(*entry));
    if (blocks != 0) return keys.unsupported(*entry, "and layers of a head are not supported");
  }
  QAIO_RETURN_IF_ERROR(keys.refuse_left());
  return out;
}

}  // namespace qaio
