// Which handler answers which request. Filled by whoever puts the agent together.
#pragma once

#include "admin/exchange.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

enum class AdminAccess {
  Open,     // tells nothing but that the agent is there: for everybody, without a token too
  Figures,  // names and numbers: for whoever has the token, if there is one
  Data,     // shows records, changes something or is hard work: for the owner of the agent
};

// Filled once, then used by any thread.
class AdminRoutes {
 public:
  struct Route {
    AdminAccess access = AdminAccess::Data;
    AdminHandler handler;
  };

  void add(AdminMethod method, std::string path, AdminAccess access, AdminHandler handler);

  // Null if there is none.
  [[nodiscard]] const Route* find(AdminMethod method, std::string_view path) const;
  // The methods there are for a path, as in the header Allow; empty: there is no such path.
  [[nodiscard]] std::string allowed(std::string_view path) const;

 private:
  std::map<std::string, std::map<AdminMethod, Route>, std::less<>> routes_;
};

}  // namespace sluice
