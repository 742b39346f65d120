// The files of the page as they were built.
#pragma once

#include <span>
#include <string_view>

namespace qaio {

// Bytes between two symbols of an assembler file.
struct AssetBytes {
  const char* begin;
  const char* end;

  std::string_view view() const { return {begin, end}; }
};

struct PageAsset {
  std::string_view path;  // "/" or "/assets/NAME-HASH.EXT"
  std::string_view content_type;
  std::string_view etag;  // quoted, of the bytes as they are without compression
  AssetBytes plain;
  AssetBytes gzip;
};

// All of them, "/" first; empty where the program was built without the page.
std::span<const PageAsset> page_assets();

}  // namespace qaio
