// What single values must look like. Each rejects with the second half of a sentence that begins
// with the value, and never repeats the value.
#pragma once

#include "core/result.h"

#include <string>

namespace sluice::configuration {

// Of sources, flows and sinks: they become parts of headers and keys.
Status check_name(const std::string& text);

Status check_agent_id(const std::string& text);
Status check_not_empty(const std::string& text);

// Of the buffer: 32 bytes as hexadecimal digits or in base64.
Status check_encryption_key(const std::string& text);

// A path, not what the file holds.
Status check_pem_path(const std::string& text);

// ALPN, RFC 7301: 1 to 255 bytes.
Status check_protocol_name(const std::string& text);

// RFC 7617, section 2.
Status check_basic_username(const std::string& text);

// Of CSV: one printable character of ASCII that cannot be part of a number, or `tab`.
Status check_delimiter(const std::string& text);

// A value of a binary structure.
Status check_struct_field(const std::string& name, const std::string& text);

// A field of an HTTP request (RFC 9110, section 5) that the agent does not write itself.
Status check_header(const std::string& name, const std::string& text);

// By its name, this header proves who is asking.
bool is_secret_header(const std::string& name);

std::string lower_case(std::string text);

}  // namespace sluice::configuration
