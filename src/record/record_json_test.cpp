#include "record/record_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>
#include <fstream>

#include "base/temp_path_for_test.h"
#include "record/records_for_test.h"

namespace qaio {
namespace {

// Every field differs from its default.
RequestRecord full_record() {
  RequestRecord record = make_record({.prompt = 77,
                                      .cached = 32,
                                      .queue_ms = 3,
                                      .neighbours = 2,
                                      .queued_ahead = 4,
                                      .chars = 123,
                                      .minor_faults = 5,
                                      .major_faults = 6},
                                     1'700'000'000'123, "abc");
  record.trace = begin_span(
      parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), "rojo=1", true);
  record.error_code = "cancelled";
  record.key = "app-1";
  record.history_dropped = 2;
  record.input_text = "a \"quoted\"\nline, 中文";
  record.cpu_ns = 7;
  record.context_switches = 8;
  record.resident_bytes = 9;
  record.client_times = ClientTimes{1, 3, 2, 4};
  TaskRecord& task = record.tasks[0];
  task.error_code = "deadline_exceeded";
  task.label = "正面";
  task.score = 0.5f;
  task.output_text = "out";
  task.prompt_version = "v-1";
  task.counters.gap_min_ns = 10;
  task.counters.gap_max_ns = 11;
  task.counters.sample_ns = 12;
  task.counters.detokenize_ns = 13;
  task.counters.questions = 14;
  task.counters.question_tokens = 15;
  task.counters.options = 16;
  while (task.lane.dropped() < 3)
    task.lane.add(Stage::kDecode, task.lane.end_ns(), task.lane.end_ns());
  return record;
}

TEST(RecordJson, ATraceIsWhollyRightOrRefused) {
  const std::string line = record_line(full_record());
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string text = line;
    text.replace(text.find(what), what.size(), instead);
    return parse_record(text);
  };
  EXPECT_EQ(with(id, "4BF92F3577B34DA6A3CE929D0E0E4736").error().field, "trace_id");
  EXPECT_EQ(with("00f067aa0ba902b7", "0000000000000000").error().field, "parent_span_id");
  EXPECT_EQ(with("\"span_id\"", "\"other_id\"").error().field, "span_id");
  EXPECT_EQ(with("\"sampled\":true", "\"sampled\":1").error().field, "sampled");
  EXPECT_EQ(with("rojo=1", "rojo").error().field, "state");
}

TEST(RecordJson, ClientTimesAreInOrderOrRefused) {
  const std::string begin = R"({"request_id":"a","lane":{"begin_ns":0,"end_ns":1,"stages":[]},)"
                            R"("client":)";
  const auto with = [&](std::string_view client) {
    return parse_record(begin + std::string(client) + "}");
  };
  const auto times = with(R"({"first_byte_ns":1,"last_byte_ns":2,"done_ns":2})");
  ASSERT_TRUE(times) << times.error().message;
  EXPECT_EQ(times->client_times->done_ns, 2);
  EXPECT_FALSE(times->client_times->first_token_ns);
  EXPECT_FALSE(parse_record(R"({"request_id":"a","lane":{}})")->client_times);
  for (const char* client :
       {"[]", "1", R"({"first_byte_ns":2,"last_byte_ns":1,"done_ns":3})",
        R"({"first_byte_ns":1,"last_byte_ns":3,"done_ns":2})",
        R"({"first_byte_ns":2,"first_token_ns":1,"last_byte_ns":3,"done_ns":3})",
        R"({"first_byte_ns":1,"first_token_ns":4,"last_byte_ns":3,"done_ns":3})",
        R"({"first_byte_ns":-1,"last_byte_ns":1,"done_ns":1})",
        R"({"first_byte_ns":1,"last_byte_ns":1,"done_ns":86400000000001})",
        R"({"first_byte_ns":1.5,"last_byte_ns":2,"done_ns":2})"}) {
    EXPECT_FALSE(with(client)) << client;
  }
}

TEST(RecordJson, EveryFieldComesBack) {
  const RequestRecord record = full_record();
  const std::string line = record_line(record);
  ASSERT_EQ(line.find('\n'), line.size() - 1);
  const auto back = parse_record(line);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(record_line(*back), line);  // what is written is all there is
  EXPECT_EQ(back->input_text, record.input_text);
  EXPECT_EQ(traceparent_text(back->trace), traceparent_text(record.trace));
  EXPECT_EQ(back->trace.parent_span_id, 0x00f067aa0ba902b7u);
  EXPECT_EQ(back->trace.state, "rojo=1");
  EXPECT_EQ(back->tasks[0].label, "正面");
  EXPECT_EQ(back->tasks[0].score, 0.5f);
  EXPECT_EQ(back->tasks[0].prompt_version, "v-1");
  EXPECT_EQ(back->tasks[0].lane.dropped(), 3u);
  EXPECT_EQ(back->tasks[0].lane.stage_ns(Stage::kPrefill), 10'000'000);
  EXPECT_EQ(back->tasks[0].counters.batch_sum, record.tasks[0].counters.batch_sum);
  EXPECT_EQ(back->lane.wall_ns(), record.lane.wall_ns());
}

// Files of earlier versions stay readable: as the archive's migration moves the ranges.
TEST(RecordJson, FewerRangesOfTimesBetweenTokensAreUnderstood) {
  std::string gaps = "[0";
  for (int i = 1; i < 24; ++i) gaps += "," + std::to_string(i >= 18 ? i : 0);
  const auto back = parse_record(R"({"request_id": "a", "lane": {}, "tasks": [{"task": "chat",)"
                                 R"( "lane": {}, "counters": {"gap_counts": )" +
                                 gaps + "]}}]}");
  ASSERT_TRUE(back) << back.error().message;
  GapCounts expected{};
  expected[18] = 18;
  for (const auto& [range, count] :
       {std::pair{20, 19U}, {22, 20U}, {23, 21U}, {24, 22U}, {30, 23U}}) {
    expected[static_cast<size_t>(range)] = count;
  }
  EXPECT_EQ(back->tasks.at(0).counters.gap_counts, expected);
}

// Whoever adds a field must write and read it: of each kind, one field at a time is changed.
TEST(RecordJson, NoCounterIsForgotten) {
  RequestRecord record = make_record({}, 1'700'000'000'000, "a");
  constexpr size_t kWords = sizeof(TaskCounters) / sizeof(uint32_t);
  for (size_t i = 0; i < kWords; ++i) {
    const size_t at = i * sizeof(uint32_t);
    if (at == offsetof(TaskCounters, queued_ahead) + sizeof(uint32_t) ||
        at == offsetof(TaskCounters, gap_counts) + sizeof(GapCounts) ||
        at == offsetof(TaskCounters, options) + sizeof(uint32_t))
      continue;  // padding
    TaskCounters counters;
    reinterpret_cast<unsigned char*>(&counters)[i * sizeof(uint32_t)] = 1;
    record.tasks[0].counters = counters;
    const auto back = parse_record(record_line(record));
    ASSERT_TRUE(back);
    const auto* bytes = reinterpret_cast<const unsigned char*>(&back->tasks[0].counters);
    // The upper half of 64-bit fields is 2^32: written and read as well.
    EXPECT_EQ(bytes[i * sizeof(uint32_t)], 1) << "word " << i;
  }
}

TEST(RecordJson, RunsComeBack) {
  const RunInfo run{.version = "1.2.3",
                    .model = "demo",
                    .model_hash = "ff",
                    .isa = "avx2",
                    .threads = 2,
                    .started_unix_ms = 5};
  const auto back = parse_run(run_line(run));
  ASSERT_TRUE(back);
  EXPECT_EQ(run_line(*back), run_line(run));
  EXPECT_FALSE(parse_run("{}"));
}

struct Damage {
  const char* what;
  const char* json;
};

TEST(RecordJson, DamageIsNamed) {
  constexpr Damage kDamages[] = {
      {"JSON", R"({"request_id": "a")"},
      {"object", R"([])"},
      {"request_id", R"({"lane": {}})"},
      {"request_id", R"({"request_id": 5, "lane": {}})"},
      {"lane", R"({"request_id": "a"})"},
      {"status", R"({"request_id": "a", "lane": {}, "status": "fine"})"},
      {"status", R"({"request_id": "a", "lane": {}, "status": -1})"},
      {"input_chars", R"({"request_id": "a", "lane": {}, "input_chars": 1.5})"},
      {"cpu_ns", R"({"request_id": "a", "lane": {}, "cpu_ns": 99999999999999999999})"},
      {"end_ns", R"({"request_id": "a", "lane": {"begin_ns": 5, "end_ns": 4}})"},
      {"stages", R"({"request_id": "a", "lane": {"end_ns": 4, "stages": [["nap", 0, 1]]}})"},
      {"stages", R"({"request_id": "a", "lane": {"end_ns": 4, "stages": [["parse", 0, 5]]}})"},
      {"stages",
       R"({"request_id": "a", "lane": {"end_ns": 4, "stages": [["parse", 2, 3], ["tasks", 1, 2]]}})"},
      {"dropped", R"({"request_id": "a", "lane": {"dropped": 1}})"},
      {"tasks", R"({"request_id": "a", "lane": {}, "tasks": [5]})"},
      {"lane", R"({"request_id": "a", "lane": {}, "tasks": [{}]})"},
      {"score", R"({"request_id": "a", "lane": {}, "tasks": [{"lane": {}, "score": "high"}]})"},
      {"batch_max",
       R"({"request_id": "a", "lane": {}, "tasks": [{"lane": {}, "counters": {"batch_max": 4294967296}}]})"},
  };
  for (const Damage& damage : kDamages) {
    const auto record = parse_record(damage.json);
    ASSERT_FALSE(record) << damage.json;
    EXPECT_THAT(record.error().message, testing::HasSubstr(damage.what)) << damage.json;
  }
}

class RecordFileTest : public testing::Test {
 public:
  ~RecordFileTest() override { std::remove(path_.c_str()); }

 protected:
  void write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  Result<RecordSet> load(const RecordSelection& selection = {}) {
    return RecordFile(path_).load(selection);
  }

  const std::string path_ = temp_path("records");
};

TEST_F(RecordFileTest, SavesAndLoads) {
  TestSet test("1.0");
  for (int i = 0; i < 5; ++i) test.add({});
  test.wait_ms(10'000);
  test.begin_run("1.1");
  for (int i = 0; i < 3; ++i) test.add({});
  test.set.runs[0].from_start = false;
  ASSERT_TRUE(save_records(test.set, path_));
  const auto all = load();
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->items.size(), 8u);
  ASSERT_EQ(all->runs.size(), 2u);
  EXPECT_FALSE(all->runs[0].from_start);
  EXPECT_TRUE(all->runs[1].from_start);
  EXPECT_EQ(all->run_of(all->items[7]).version, "1.1");

  const auto last = load({.last = 2});
  ASSERT_EQ(last->items.size(), 2u);
  EXPECT_EQ(last->items[0].record->request_id, "r6");
  EXPECT_FALSE(last->runs[1].from_start);  // its first record was left out
  EXPECT_EQ(load({.version = "1.0"})->items.size(), 5u);
  const int64_t sixth = all->items[5].record->arrived_unix_ms;
  EXPECT_EQ(load({.since_unix_ms = sixth})->items.size(), 3u);
  EXPECT_EQ(load({.until_unix_ms = sixth})->items.size(), 5u);
}

TEST_F(RecordFileTest, NamesTheLineThatIsWrong) {
  const std::string good = record_line(make_record({}, 1, "a"));
  write(good + "\n" + good + good.substr(0, good.size() / 2));
  const auto set = load();
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message, testing::StartsWith(path_ + ": line 4: "));
  write(good);
  EXPECT_EQ(load()->items.size(), 1u);
}

TEST_F(RecordFileTest, NothingIsNoError) {
  write("");
  EXPECT_TRUE(load()->items.empty());
  std::remove(path_.c_str());
  EXPECT_EQ(load().error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace qaio
