// Files for their owner alone: archives may hold what users said.
#pragma once

#include <string>
#include <string_view>

namespace qaio {

inline constexpr unsigned kPrivateMode = 0600;

// An empty file, unless there is one. 0, or the system's number of what stands in the way.
int create_private_file(const std::string& path);

// Takes a file that everybody on the machine may read from all but its owner. One that only a group
// may read has been given to it by somebody. False: it could not be done.
bool make_private(const std::string& path);

// False with errno set. A full disk may take a part of it first.
bool write_all(int fd, std::string_view text);

}  // namespace qaio
