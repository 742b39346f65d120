// What an archive has to say to the people who run the server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace qaio {

enum class ArchiveEvent : uint8_t {
  kPaused,      // a write failed; said once, until it works again
  kResumed,     // it works again; says how much was lost
  kBegunAnew,   // the file was gone or damaged and another one has begun
  kUnreadable,  // it was asked for what it could not read
};
// `text` is one sentence. kUnreadable on any thread, the others on the observer's.
using ArchiveMessage = std::function<void(ArchiveEvent event, const std::string& text)>;

}  // namespace qaio
