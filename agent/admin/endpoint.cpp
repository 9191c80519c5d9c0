#include "admin/endpoint.h"

#include "admin/address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

constexpr int kBacklog = 64;

Error failure(const std::string& doing, int code) {
  return {code == ECONNREFUSED || code == ENOENT ? Reaction::Closed : Reaction::Retry,
          doing + ": " + std::generic_category().message(code)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

union AnyAddress {
  sockaddr_un local;  // first, because it is the largest: all of it is zeroed
  sockaddr general;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

struct SocketAddress {
  AnyAddress bytes{};
  socklen_t size = 0;

  [[nodiscard]] int family() const { return bytes.general.sa_family; }
};

Result<SocketAddress> tcp_address(const std::string& host, std::uint16_t port) {
  SocketAddress address;
  if (inet_pton(AF_INET, host.c_str(), &address.bytes.v4.sin_addr) == 1) {
    address.bytes.v4.sin_family = AF_INET;
    address.bytes.v4.sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  if (inet_pton(AF_INET6, host.c_str(), &address.bytes.v6.sin6_addr) == 1) {
    address.bytes.v6.sin6_family = AF_INET6;
    address.bytes.v6.sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return Error{Reaction::Reject, host + " is not an IP address"};
}

// The address of a Unix socket holds 107 bytes. Through its open directory every path is short.
struct UnixAddress {
  explicit UnixAddress(int opened) : directory(opened) {}

  SocketAddress address;
  Descriptor directory;
};

Result<std::unique_ptr<UnixAddress>> unix_address(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string parent = file.has_parent_path() ? file.parent_path().string() : ".";
  const int opened = ::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) {
    return failure(path, errno);
  }
  auto local = std::make_unique<UnixAddress>(opened);
  sockaddr_un& name = local->address.bytes.local;
  const std::string reachable =
      path.size() < sizeof(name.sun_path)
          ? path
          : "/proc/self/fd/" + std::to_string(opened) + '/' + file.filename().string();
  if (reachable.size() >= sizeof(name.sun_path)) {
    return failure(path, ENAMETOOLONG);
  }
  name.sun_family = AF_UNIX;
  std::memcpy(&name.sun_path, reachable.c_str(), reachable.size() + 1);
  local->address.size = sizeof(sockaddr_un);
  return local;
}

Result<int> open_socket(int family, const std::string& name) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return descriptor >= 0 ? Result<int>(descriptor) : failure(name, errno);
}

Result<ListeningSocket> bind_and_listen(Descriptor socket, const SocketAddress& address,
                                        const std::string& name) {
  if (::bind(socket.get(), &address.bytes.general, address.size) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return failure(name, errno);
  }
  return ListeningSocket(socket.release(), address.family());
}

Status remove_leftover(const std::string& path, Leftover leftover) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? Status{} : failure(path, errno);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return Error{Reaction::Reject, path + " exists and is not a socket: remove it"};
  }
  if (leftover == Leftover::ReplaceIfDead) {
    const Result<int> answered = connect_unix(path);
    if (answered) {
      ::close(*answered);
      return failure(path, EADDRINUSE);
    }
    if (answered.error().reaction != Reaction::Closed) {
      return answered.error();
    }
  }
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? Status{} : failure(path, errno);
}

}  // namespace

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(other.release()), family_(other.family_) {
}

int ListeningSocket::release() {
  return std::exchange(descriptor_, -1);
}

std::uint16_t ListeningSocket::port() const {
  SocketAddress address;
  address.size = sizeof(address.bytes);
  if (::getsockname(descriptor_, &address.bytes.general, &address.size) != 0) {
    return 0;
  }
  return ntohs(address.family() == AF_INET ? address.bytes.v4.sin_port
                                           : address.bytes.v6.sin6_port);
}

Result<ListeningSocket> listen_tcp(const std::string& host, std::uint16_t port) {
  const std::string name = to_text({.host = host, .port = port});
  const Result<SocketAddress> address = tcp_address(host, port);
  if (!address) {
    return address.error();
  }
  const Result<int> opened = open_socket(address->family(), name);
  if (!opened) {
    return opened.error();
  }
  Descriptor socket(*opened);
  const int on = 1;
  // Otherwise a restart would wait for connections of the last run to be forgotten.
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
    return failure(name, errno);
  }
  return bind_and_listen(Descriptor(socket.release()), *address, name);
}

Result<ListeningSocket> listen_unix(const std::string& path, Leftover leftover) {
  const auto address = unix_address(path);
  if (!address) {
    return address.error();
  }
  if (Status removed = remove_leftover(path, leftover); !removed) {
    return removed.error();
  }
  const Result<int> opened = open_socket(AF_UNIX, path);
  if (!opened) {
    return opened.error();
  }
  Descriptor socket(*opened);
  // Linux makes the file with the mode that the socket has, so it is never open to others.
  if (::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0) {
    return failure(path, errno);
  }
  return bind_and_listen(Descriptor(socket.release()), (*address)->address, path);
}

Result<int> connect_unix(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) {
    return address.error();
  }
  const Result<int> opened = open_socket(AF_UNIX, path);
  if (!opened) {
    return opened.error();
  }
  Descriptor socket(*opened);
  // Never waits: a socket whose queue is full says EAGAIN at once.
  if (::connect(socket.get(), &(*address)->address.bytes.general, (*address)->address.size) != 0) {
    return failure(path, errno);
  }
  return socket.release();
}

}  // namespace sluice
