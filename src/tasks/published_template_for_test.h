// The chat templates of tests/data, for tests of this layer and those above.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tasks/chat_template.h"

namespace qaio {

inline std::string published_source(const std::string& name) {
  std::ifstream file(QAIO_SOURCE_DIR "/tests/data/chat_templates/" + name + ".jinja");
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline ChatTemplate published(const std::string& name) {
  auto compiled = ChatTemplate::compile(published_source(name));
  EXPECT_TRUE(compiled) << name << ": " << compiled.error().message;
  return compiled ? std::move(*compiled) : ChatTemplate::chatml();
}

}  // namespace qaio
