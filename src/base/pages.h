// Advice to the kernel about the pages of large ranges. All of it is a wish: a kernel that refuses
// costs time or memory, nothing else.
#pragma once

#include <cstddef>
#include <span>

namespace qaio {

// Brings the pages in now, in one call instead of one fault each. Contents stay as they are.
void populate_for_reading(std::span<const std::byte> range);
void populate_for_writing(std::span<std::byte> range);

// Lets the pages that lie wholly inside a file mapping's range leave this process; reading them
// again brings them back. Never for anonymous memory, whose contents would be lost.
void release_file_pages(std::span<const std::byte> range);

}  // namespace qaio
