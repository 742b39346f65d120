// Advice to the kernel about the pages of large ranges. All of it is a wish: a kernel that refuses
// costs time or memory, nothing else.
#pragma once

#include <cstddef>
#include <span>

namespace qaio {

// Brings the pages in now, in one call instead of one fault each. Contents stay as they are.
void populate_for_reading(std::span<const std::byte> range);
void populate_for_writing(std::span<std::byte> range);

// Asks for huge pages where whole ones fit: what is written once and read through takes a fault for
// every 2 MiB instead of every 4 KiB. Before the first write.
void prefer_huge_pages(std::span<const std::byte> range);

// Lets the pages that lie wholly inside a file mapping's range leave this process; reading them
// again brings them back. Never for anonymous memory, whose contents would be lost.
void release_file_pages(std::span<const std::byte> range);

}  // namespace qaio
