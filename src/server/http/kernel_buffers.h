// What the kernel holds of a connection; part of what clients make the server hold.
#pragma once

#include <cstddef>

namespace qaio {

// Memory of what was written and the other end has not taken, with what the kernel needs around it;
// 0 where it cannot tell.
size_t unread_bytes(int descriptor);

// Closing the descriptor drops what is unread, instead of leaving it to the kernel.
void drop_unread_at_close(int descriptor);

}  // namespace qaio
