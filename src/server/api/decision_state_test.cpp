// Every form in which an input may come, as the text that the model reads.
#include "server/api/decision_state.h"

#include <gmock/gmock.h>

#include <array>
#include <boost/json.hpp>

#include "base/json.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string compact(std::string_view text) {
  const auto value = parse_json(text, "test", 100);
  EXPECT_TRUE(value) << text;
  return value ? compact_json(*value) : "";
}

TEST(CompactJson, KeepsOrderAndCharacters) {
  EXPECT_EQ(compact(R"( { "z" : 1 , "a" : [ true , null , "x y" ] , "m" : { } } )"),
            R"({"z":1,"a":[true,null,"x y"],"m":{}})");
  EXPECT_EQ(compact("\"\\u4f60\\u597d \\ud83d\\ude00 \\\"\\n\\/\""), "\"你好 😀 \\\"\\n/\"");
  EXPECT_EQ(compact(std::string(70, '[') + std::string(70, ']')),
            std::string(70, '[') + std::string(70, ']'));
}

TEST(CompactJson, KeepsTheDigitsOfNumbers) {
  for (const char* number :
       {"0", "-1", "9223372036854775807", "18446744073709551615", "0.1", "0.3", "19.99", "1.0",
        "-2.5", "100000.0", "0.0001", "123456.789", "3.141592653589793", "1e+22", "1.5e-07"}) {
    EXPECT_EQ(compact(number), number);
  }
  EXPECT_EQ(compact("1e5"), "100000.0");
  EXPECT_EQ(compact("5.0E-1"), "0.5");
}

// As JSON reads it: what is said, and what was passed over.
struct Read {
  std::string system, state, field, message;
  std::vector<std::string> ignored;
};
Read read(std::string_view input) {
  const auto fields = JsonFields::parse(R"({"input":)" + std::string(input) + "}", 100);
  EXPECT_TRUE(fields) << input;
  Read out;
  const auto result = read_decision_input(*fields, out.ignored);
  if (result) {
    out.system = result->system;
    out.state = result->state;
  } else {
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    out.field = result.error().field;
    out.message = result.error().message;
  }
  return out;
}

TEST(DecisionInput, OneUserMessageIsItsText) {
  for (
      const char* input :
      {R"("Hello there")", R"([{"role":"user","content":"Hello there"}])",
       R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"Hello there"}]}])",
       R"([{"role":"user","content":[{"type":"input_text","text":"Hello there",
             "prompt_cache_breakpoint":{"mode":"explicit"}}]}])"}) {
    const Read got = read(input);
    EXPECT_EQ(got.state, "Hello there") << input << got.message;
    EXPECT_EQ(got.system, "");
    EXPECT_THAT(got.ignored, ElementsAre());
  }
}

TEST(DecisionInput, PartsAreJoinedAndJsonIsCompact) {
  EXPECT_EQ(read(R"([{"role":"user","content":[
                      {"type":"input_text","text":"Order:"},
                      {"type":"input_json","data":{"b": 1.5, "a": ["x"]}},
                      {"type":"input_json","data":[{"c": null}]}]}])")
                .state,
            "Order:\n{\"b\":1.5,\"a\":[\"x\"]}\n[{\"c\":null}]");
}

TEST(DecisionInput, SystemMessagesThatComeFirstAreTheSystemText) {
  const Read got = read(R"([{"role":"system","content":"Be strict."},
                            {"role":"developer","content":[{"type":"input_text","text":"Be fair."}]},
                            {"role":"user","content":"Hi"}])");
  EXPECT_EQ(got.system, "Be strict.\n\nBe fair.");
  EXPECT_EQ(got.state, "Hi");
}

TEST(DecisionInput, ManyItemsAreATranscript) {
  const Read got = read(R"([
      {"role":"user","content":"Weather in Rome?"},
      {"type":"function_call","call_id":"c1","name":"weather","arguments":"{\"city\":\"Rome\"}",
       "id":"fc_1","status":"completed"},
      {"type":"function_call_output","call_id":"c1","output":"18 degrees"},
      {"type":"custom_tool_call","call_id":"c2","name":"shell","input":"date"},
      {"type":"custom_tool_call_output","call_id":"c2",
       "output":[{"type":"input_text","text":"Monday"}]},
      {"role":"assistant","phase":"final_answer",
       "content":[{"type":"output_text","text":"It is mild."},
                  {"type":"refusal","refusal":"No more."}]},
      {"role":"system","content":"Late."}])");
  EXPECT_EQ(got.message, "");
  EXPECT_EQ(got.state,
            "[user]\nWeather in Rome?\n\n"
            "[call of weather]\n{\"city\":\"Rome\"}\n\n"
            "[output of weather]\n18 degrees\n\n"
            "[call of shell]\ndate\n\n"
            "[output of shell]\nMonday\n\n"
            "[assistant]\nIt is mild.\nNo more.\n\n"
            "[system]\nLate.");
  EXPECT_EQ(got.system, "");
  EXPECT_THAT(got.ignored, ElementsAre());
  EXPECT_EQ(read(R"([{"role":"assistant","content":"Sure."}])").state, "[assistant]\nSure.");
}

TEST(DecisionInput, WhatHasNoEffectIsNamed) {
  EXPECT_THAT(read(R"([{"role":"user","content":"x","weight":1}])").ignored,
              ElementsAre("input[0].weight"));
}

TEST(DecisionInput, SaysWhatIsWrong) {
  const std::vector<std::array<std::string, 3>> all = {
      {"null", "input", "'input' is missing"},
      {R"("")", "input", "something to judge"},
      {R"(" \n　")", "input", "something to judge"},
      {"[]", "input", "something to judge"},
      {"5", "input", "a string or an array"},
      {R"({"a":1})", "input", "input_json"},
      {R"(["x"])", "input[0]", "an object with role, content"},
      {R"([{"role":"system","content":"x"}])", "input", "a system message only"},
      {R"([{"role":"user","content":" "}])", "input", "something to judge"},
      {R"([{"role":"user","content":""},{"role":"assistant","content":""}])", "input", "something"},
      {R"([{"role":"user","content":[{"type":"input_json","data":{}}]}])", "input", "something"},
      {R"([{"content":"x"}])", "input[0].role", "missing"},
      {R"([{"role":"tool","content":"x"}])", "input[0].role", "user, assistant"},
      {R"([{"role":"user"}])", "input[0].content", "missing"},
      {R"([{"role":"user","content":5}])", "input[0].content", "a string or an array"},
      {R"([{"role":"user","content":["x"]}])", "input[0].content[0]", "an object"},
      {R"([{"role":"user","content":[{"text":"x"}]}])", "input[0].content[0].type", "missing"},
      {R"([{"role":"user","content":[{"type":"text","text":"x"}]}])", "input[0].content[0].type",
       "input_text, input_json"},
      {R"([{"role":"user","content":[{"type":"input_image","image_url":"data:,"}]}])",
       "input[0].content[0].type", "reads text only"},
      {R"([{"role":"user","content":[{"type":"input_file","file_id":"f"}]}])",
       "input[0].content[0].type", "reads text only"},
      {R"([{"role":"user","content":[{"type":"input_text"}]}])", "input[0].content[0].text",
       "missing"},
      {R"([{"role":"user","content":[{"type":"input_json","data":5}]}])",
       "input[0].content[0].data", "an object"},
      {R"([{"type":"image","role":"user","content":"x"}])", "input[0].type", "message, function"},
      {R"([{"type":"function_call","call_id":"c","arguments":"{}"}])", "input[0].name", "missing"},
      {R"([{"type":"function_call","call_id":"c","name":"f","arguments":{}}])",
       "input[0].arguments", "a string"},
      {R"([{"role":"user","content":"x"},{"type":"function_call_output","call_id":"c","output":""}])",
       "input[1].call_id", "a call before it"},
      {R"([{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
           {"type":"function_call_output","call_id":"c",
            "output":[{"type":"input_image","image_url":"x"}]}])",
       "input[1].output[0].type", "reads text only"},
  };
  for (const auto& [input, field, message] : all) {
    const Read got = read(input);
    EXPECT_EQ(got.field, field) << input << got.state;
    EXPECT_THAT(got.message, HasSubstr(message)) << input;
  }
}

}  // namespace
}  // namespace qaio
