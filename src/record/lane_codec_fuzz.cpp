// libFuzzer: any bytes as an encoded lane, behind one that says what its times are since.
#include "base/fuzz_for_test.h"
#include "record/lane_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  FuzzInput input(data, size);
  const TimeNs origin_ns = TimeNs{input.byte()} << 40;
  const std::string_view rest = input.rest();
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(rest.data()), rest.size());

  LaneReader reader(bytes);
  size_t count = 0;
  while (reader.next()) ++count;
  const auto lane = decode_lane(bytes, origin_ns);
  if (!lane) {
    require(lane.error().code == ErrorCode::kCorrupt && !lane.error().message.empty());
    return 0;
  }
  // Both readers see the same.
  require(reader.ok() && count == lane->size() && reader.dropped() == lane->dropped());
  require(reader.begin_ns() == lane->begin_ns() - origin_ns);
  std::vector<uint8_t> written;
  encode_lane(*lane, origin_ns, written);
  const auto again = decode_lane(written, origin_ns);
  require(again && again->size() == lane->size() && again->end_ns() == lane->end_ns());
  std::vector<uint8_t> twice;
  encode_lane(*again, origin_ns, twice);
  require(twice == written);
  return 0;
}
