// The intervals of a lane as few bytes: a request has some twenty, and an archive a million
// requests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "trace/trace.h"

namespace qaio {

// Variable-length integers (7 bits per byte, lowest first): begin - origin, wall, dropped; then for
// each interval its stage's number, the gap before it and its length. All times in ns.
// `origin_ns` is not after the lane's begin.
void encode_lane(const Lane& lane, TimeNs origin_ns, std::vector<uint8_t>& out);

// The same lane; kCorrupt if the bytes are none.
Result<Lane> decode_lane(std::span<const uint8_t> bytes, TimeNs origin_ns);

}  // namespace qaio
