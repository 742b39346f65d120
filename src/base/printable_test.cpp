#include "base/printable.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

using enum PrintableAs;

TEST(Printable, PlainTextStaysAsItIs) {
  for (const PrintableAs as : {kWord, kLine, kText}) {
    EXPECT_EQ(printable("", as), "");
    EXPECT_EQ(printable("/v1/chat?a=%20~", as), "/v1/chat?a=%20~");
    EXPECT_EQ(printable("你好,Größe😀é", as), "你好,Größe😀é");
  }
}

TEST(Printable, WhatMovesCursorsOrHidesIsMarked) {
  for (const PrintableAs as : {kWord, kLine, kText}) {
    EXPECT_EQ(printable("a\x1b[31mb\x7f", as), "a?[31mb?");
    EXPECT_EQ(printable("a\u009b31mb\u0080\u0085", as), "a?31mb??") << "C1 as UTF-8";
    EXPECT_EQ(printable("a\x9b\x80z", as), "a??z") << "C1 as bytes";
    EXPECT_EQ(printable("\u2028x\u2029", as), "?x?");
    EXPECT_EQ(printable("\u202egnp.exe\u2066\u200f", as), "?gnp.exe??") << "directions";
    EXPECT_EQ(printable("a\u200bb\ufeff", as), "a?b?") << "no width";
    EXPECT_EQ(printable("\ue000\U000e0041\uffff", as), "???") << "private, tags, no character";
    EXPECT_EQ(printable(std::string_view("\0x", 2), as), "?x");
    EXPECT_EQ(printable("\xe4\xbd", as), "?") << "half a character";
  }
}

TEST(Printable, SpacesAndBreaksAsTheirPlaceAllows) {
  constexpr std::string_view kGiven = "a b\u3000c\td\r\ne\u00a0f";
  EXPECT_EQ(printable(kGiven, kWord), "a?b?c?d??e?f");
  EXPECT_EQ(printable(kGiven, kLine), "a b\u3000c d  e\u00a0f");
  EXPECT_EQ(printable(kGiven, kText), "a b\u3000c d \ne\u00a0f");
}

}  // namespace
}  // namespace qaio
