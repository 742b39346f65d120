#include "server/observe/live_events.h"

#include <utility>

#include "server/http/event_stream.h"
#include "server/observe/live_json.h"
#include "slo/slo_json.h"

namespace qaio {
namespace {

// How often rules whose state does not change are told: budgets and burn rates move.
constexpr int64_t kSloPoints = 10;

std::string slo_event(std::span<const SloStatus> rules, const SloMonitor& slo) {
  std::string body;
  JsonWriter json(body);
  write_slo(rules, slo.action_counts(), json);
  return server_sent_event("slo", body);
}

}  // namespace

void LiveEvents::consume(std::span<const RecordPtr> /*records*/) {
  const LivePointPtr point = series_.latest();
  if (point == nullptr || point->end_ns == told_ns_) return;
  told_ns_ = point->end_ns;
  if (listener_count() == 0) return;
  const bool became_ready = point->engine && unready_told_.exchange(false);
  const auto text =
      std::make_shared<const std::string>((became_ready ? hello(state_()) : "") + news(*point));
  const MutexLock lock(mutex_);
  for (const std::weak_ptr<Call>& listener : listeners_) {
    if (const auto call = listener.lock()) call->post([call, text] { call->send(*text); });
  }
}

size_t LiveEvents::listener_count() {
  const MutexLock lock(mutex_);
  std::erase_if(listeners_, [](const std::weak_ptr<Call>& call) { return call.expired(); });
  return listeners_.size();
}

std::string LiveEvents::news(const LivePoint& point) {
  std::string body;
  JsonWriter json(body);
  write_live_point(point, series_.unix_ms(point.end_ns), json);
  std::string text = server_sent_event("point", body);
  const std::vector<SloStatus> rules = slo_.snapshot();
  std::vector<std::pair<SloState, int64_t>> states;
  states.reserve(rules.size());
  for (const SloStatus& rule : rules) states.emplace_back(rule.state, rule.since_unix_ms);
  if (states != slo_states_ || ++slo_points_ >= kSloPoints) {
    slo_states_ = std::move(states);
    slo_points_ = 0;
    text += slo_event(rules, slo_);
  }
  return text;
}

std::string LiveEvents::hello(const ServerState& state) const {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("version").string(state.run.version).key("model");
  state.engine ? json.string(state.run.model) : json.null();
  json.key("started_unix_ms").integer(state.run.started_unix_ms);
  json.key("now_unix_ms").integer(clock_.wall_unix_ms());
  json.key("heat_bounds_ms");
  write_heat_bounds(json);
  json.end_object();
  return server_sent_event("hello", body);
}

bool LiveEvents::listen(const std::shared_ptr<Call>& call) {
  if (listener_count() >= kListenersMax) return false;
  const ServerState state = state_();
  std::string begin = hello(state) + slo_event(slo_.snapshot(), slo_);
  {
    const MutexLock lock(mutex_);
    if (listeners_.size() >= kListenersMax) return false;  // another one was quicker
    // Before anything that consume() posts.
    call->post([call, begin = std::move(begin)]() mutable {
      call->begin_stream(event_stream_head());
      call->send(std::move(begin));
    });
    listeners_.push_back(call);
    if (!state.engine) unready_told_ = true;
  }
  call->goes_on();
  call->on_cancel([call = std::weak_ptr<Call>(call)] {
    if (const auto listener = call.lock()) listener->end_stream();
  });
  return true;
}

}  // namespace qaio
