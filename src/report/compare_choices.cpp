#include "report/compare_choices.h"

#include <algorithm>
#include <vector>

#include "base/json_writer.h"
#include "base/utc_text.h"

namespace qaio {
namespace {

struct Choice {
  std::string name;
  int64_t requests = 0;
  int64_t answered = 0;
  int64_t first_unix_ms = 0;
  int64_t last_unix_ms = 0;
};

class Choices {
 public:
  void add(const std::string& name, const CompactRecord& request) {
    if (name.empty()) return;
    if (last_ >= all_.size() || all_[last_].name != name) {  // most are as the one before
      const auto it = std::ranges::find(all_, name, &Choice::name);
      last_ = static_cast<size_t>(it - all_.begin());
      if (it == all_.end())
        all_.push_back({.name = name, .first_unix_ms = request.arrived_unix_ms});
    }
    Choice& choice = all_[last_];
    ++choice.requests;
    choice.answered += request.answered() ? 1 : 0;
    choice.last_unix_ms = request.arrived_unix_ms;
  }

  void write(std::string_view name, JsonWriter& json) const {
    json.key(name).begin_array();
    for (const Choice& choice : all_) {
      json.begin_object().key("name").string(choice.name);
      json.key("requests").integer(choice.requests).key("answered").integer(choice.answered);
      json.key("first_unix_ms").integer(choice.first_unix_ms);
      json.key("last_unix_ms").integer(choice.last_unix_ms).end_object();
    }
    json.end_array();
  }

 private:
  std::vector<Choice> all_;
  size_t last_ = 0;
};

}  // namespace

std::string compare_choices_json(const CompactRecords& set) {
  Choices versions;
  Choices models;
  Choices days;
  for (const CompactRecord* request : set.requests) {
    const RunInfo& run = set.run_of(*request);
    versions.add(run.version, *request);
    models.add(run.model, *request);
    days.add(utc_day_text(request->arrived_unix_ms), *request);
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  versions.write("versions", json);
  models.write("models", json);
  days.write("days", json);
  json.key("middle_unix_ms");
  set.requests.empty() ? json.null()
                       : json.integer(set.requests[set.requests.size() / 2]->arrived_unix_ms);
  json.end_object();
  return out + '\n';
}

}  // namespace qaio
