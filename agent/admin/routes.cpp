#include "admin/routes.h"

#include "admin/json_writer.h"

namespace sluice {

AdminResponse admin_error(unsigned status, std::string_view message) {
  JsonWriter json;
  json.begin_object().field("error", message).end_object();
  return {.status = status, .text = json.text() + '\n'};
}

AdminResponse admin_error(const Error& error) {
  switch (error.reaction) {
    case Reaction::Reject:
      return admin_error(400, error.message);
    case Reaction::Retry:
    case Reaction::Full:
    case Reaction::Closed:
      return admin_error(503, error.message);
    case Reaction::Fatal:
      return admin_error(500, error.message);
  }
  return admin_error(500, error.message);
}

void AdminRoutes::add(AdminMethod method, std::string path, AdminAccess access,
                      AdminHandler handler) {
  routes_[std::move(path)][method] = {access, std::move(handler)};
}

const AdminRoutes::Route* AdminRoutes::find(AdminMethod method, std::string_view path) const {
  const auto methods = routes_.find(path);
  if (methods == routes_.end()) {
    return nullptr;
  }
  const auto route = methods->second.find(method);
  return route != methods->second.end() ? &route->second : nullptr;
}

std::string AdminRoutes::allowed(std::string_view path) const {
  std::string list;
  const auto methods = routes_.find(path);
  if (methods == routes_.end()) {
    return list;
  }
  for (const auto& [method, route] : methods->second) {
    list += list.empty() ? "" : ", ";
    switch (method) {
      case AdminMethod::Get:
        list += "GET, HEAD";
        break;
      case AdminMethod::Post:
        list += "POST";
        break;
      case AdminMethod::Delete:
        list += "DELETE";
        break;
    }
  }
  return list;
}

}  // namespace sluice
