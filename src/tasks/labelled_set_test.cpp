#include "tasks/labelled_set.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

const std::vector<std::string> kLabels = {"正面", "负面"};

TEST(LabelledSet, TsvByTheNamesOfItsColumns) {
  const LabelledFormat format{
      .text_name = "text", .label_name = "y", .label_names = {{"1", "正面"}, {"0", "负面"}}};
  const auto items =
      parse_labelled("id\ty\ttext\n7\t1\t真好\n\n8\t负面\ta b\r\n9\t0\tc", format, kLabels);
  ASSERT_TRUE(items) << items.error().message;
  ASSERT_EQ(items->size(), 3u);
  EXPECT_EQ((*items)[0].text, "真好");
  EXPECT_EQ((*items)[0].label, "正面");
  EXPECT_EQ((*items)[1].text, "a b");
  EXPECT_EQ((*items)[2].label, "负面");
}

TEST(LabelledSet, JsonLinesWithLabelsOfAnyKind) {
  const LabelledFormat format{.label_names = {{"true", "正面"}, {"0", "负面"}}};
  const auto items = parse_labelled(
      "{\"text\":\"a\\tb\",\"label\":true}\n{\"label\":0,\"text\":\"c\"}\n", format, kLabels);
  ASSERT_TRUE(items) << items.error().message;
  EXPECT_EQ((*items)[0].text, "a\tb");
  EXPECT_EQ((*items)[0].label, "正面");
  EXPECT_EQ((*items)[1].label, "负面");
}

TEST(LabelledSet, FaultsNameTheirLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no labelled text"},
      {"text\tlabel\n", "no labelled text"},
      {"good movie\t1\n", "line 1: a TSV file begins with"},
      {"text\tlabel\na\t正面\nb\n", "line 3: it has 1 columns"},
      {"text\tlabel\n\t正面\n", "line 2: its text is empty"},
      {"text\tlabel\na\thappy\n",
       "line 2: the task knows no label 'happy'; its labels are 正面, 负面"},
      {"{\"text\":\"a\",\"label\":\"正面\"}\n{\"text\":\"a\"}\n", "line 2: \"label\" is missing"},
      {"{\"text\":\"a\",\"label\":1.5}\n", "line 1: \"label\" is missing or neither"},
      {"{\"text\":\"a\"\n", "line 1: "},
      {"text\tlabel\na\xffz\t正面\n", "line 2: its bytes are no UTF-8"},
      {"{\"text\":\"a\",\"label\":\"正面\"}\nb\t正面\n", "line 2: not a JSON object"},
  };
  for (const auto& [content, message] : cases) {
    const auto items = parse_labelled(content, {}, kLabels);
    ASSERT_FALSE(items) << content;
    EXPECT_NE(items.error().message.find(message), std::string::npos) << items.error().message;
  }
}

}  // namespace
}  // namespace qaio
