// What to make of the header of a request. Private to admin/.
#pragma once

#include "admin/exchange.h"
#include "admin/gate.h"
#include "admin/routes.h"

#include <boost/beast/http/message.hpp>

#include <optional>
#include <string>

namespace sluice {

struct Admission {
  AdminRequest request;                       // without its body
  const AdminRoutes::Route* route = nullptr;  // null: there is a refusal
  std::optional<AdminResponse> refusal;
  std::string allow;  // methods of the path, for a refused one
};

Admission admit(const boost::beast::http::request_header<>& header, AdminDoor door,
                const AdminRoutes& routes, const AdminGate& gate);

// It wants to change something, or nobody knows what it wants.
bool is_to_be_audited(const boost::beast::http::request_header<>& header);

}  // namespace sluice
