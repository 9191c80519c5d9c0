// Figures in few characters. What is not known is "-".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

std::string short_span(double seconds);  // 40ms 1.2s 45s 3m20s 4h12m 3d17h
std::string short_span(std::optional<double> seconds);
std::string short_rate(std::optional<double> rate);  // 0.25 12.5 1,234 1.2M
std::string short_count(std::uint64_t count);        // 12,345 then 123k 1.2M 4.0G

// Characters, of which every one is taken to be one column wide.
std::size_t columns_of(std::string_view text);
std::string cut_to(std::string_view text, std::size_t columns);
std::string left(std::string_view text, std::size_t columns);  // filled up, or cut
std::string right(std::string_view text, std::size_t columns);

}  // namespace sluice
