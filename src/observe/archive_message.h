// What an archive has to say to the people who run the server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace qaio {

enum class ArchiveEvent : uint8_t {
  kPaused,   // a write failed; said once, until it works again
  kResumed,  // it works again; says how much was lost
};
// Called on the observer's thread; `text` is one sentence.
using ArchiveMessage = std::function<void(ArchiveEvent event, const std::string& text)>;

}  // namespace qaio
