// What SQLite maps into memory may be truncated by somebody: the -shm beside an archive, which all
// its users share, and the archive itself where it is read. Whoever then touches it gets SIGBUS.
#pragma once

namespace qaio {

// Guards everything that SQLite maps from now on. Before a database is opened; every time.
//
// When pages are lost, zeros take their place in this process alone, so that SQLite's call goes on.
// What it makes of them must reach neither a file nor a caller: until it has unmapped them, which
// it does when the last connection to that database is closed, every write of SQLite in this
// process fails (EIO), and sqlite_mapping_lost() tells that what was read is worth nothing. The
// next connection maps the file anew and finds all that was committed in the write-ahead log.
void guard_sqlite_mappings();

bool sqlite_mapping_lost();

}  // namespace qaio
