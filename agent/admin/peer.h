// Who is at the other end, for the log. Private to admin/.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// "uid=0 pid=77" of a Unix socket, the address of a TCP connection.
std::string peer_of(int socket);

// In quotes, shortened, with everything replaced that could forge a log line.
std::string loggable(std::string_view text);

}  // namespace sluice
