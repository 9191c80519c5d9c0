#include "admin/admission.h"

#include "admin/target.h"

#include <utility>

namespace sluice {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

std::optional<AdminMethod> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head:
      return AdminMethod::Get;
    case http::verb::post:
      return AdminMethod::Post;
    case http::verb::delete_:
      return AdminMethod::Delete;
    default:
      return std::nullopt;
  }
}

}  // namespace

Admission admit(const http::request_header<>& header, AdminDoor door, const AdminRoutes& routes,
                const AdminGate& gate) {
  constexpr unsigned kVersion11 = 11;
  Admission admission;
  const auto refused = [&admission](AdminResponse with) {
    admission.refusal = std::move(with);
    return std::move(admission);
  };
  if (const Status parsed = parse_target(view(header.target()), admission.request); !parsed) {
    return refused(admin_error(400, parsed.error().message));
  }
  if (header.count(http::field::host) != 1 && header.version() >= kVersion11) {
    return refused(admin_error(400, "a request has one header Host"));
  }
  const auto method = method_of(header.method());
  const AdminRoutes::Route* route = method ? routes.find(*method, admission.request.path) : nullptr;
  const AdminVisitor visitor{.door = door,
                             .host = view(header[http::field::host]),
                             .origin = view(header[http::field::origin]),
                             .authorization = view(header[http::field::authorization]),
                             .changes = method != AdminMethod::Get};
  if (auto refusal =
          gate.refuse(visitor, route != nullptr ? route->access : AdminAccess::Figures)) {
    return refused(*std::move(refusal));
  }
  if (route == nullptr) {
    admission.allow = routes.allowed(admission.request.path);
    return refused(admission.allow.empty()
                       ? admin_error(404, "there is nothing under this path")
                       : admin_error(405, "this path does not know the method"));
  }
  admission.request.method = *method;
  admission.route = route;
  return admission;
}

bool is_to_be_audited(const http::request_header<>& header) {
  return method_of(header.method()) != AdminMethod::Get;
}

}  // namespace sluice
