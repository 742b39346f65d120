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
  kDropping,    // records come faster than it takes them; said once, until it keeps up
  kRemoved,     // old records went, as its bounds ask; at most once an hour
  kTakenUp,     // what an earlier run could not write is written now
  kDoubtful,    // something may be wrong: the clock, who may read it, a spool
};
// `text` is one sentence. Any thread.
using ArchiveMessage = std::function<void(ArchiveEvent event, const std::string& text)>;

}  // namespace qaio
