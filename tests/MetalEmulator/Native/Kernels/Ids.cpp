#include "Ids.h"
#include <map>

namespace emu {
const ThreadId * idOf(const std::string & attribute)
{
    static const std::map<std::string, ThreadId> all = {
        {"thread_position_in_grid", {"gridPosition", 3}},
        {"thread_position_in_threadgroup", {"groupPosition", 3}},
        {"threadgroup_position_in_grid", {"groupIndex", 3}},
        {"threads_per_threadgroup", {"groupSize", 3}},
        {"dispatch_threads_per_threadgroup", {"fullGroupSize", 3}},
        {"threadgroups_per_grid", {"groupCount", 3}},
        {"threads_per_grid", {"gridSize", 3}},
        {"thread_index_in_threadgroup", {"linear", 1}},
        {"thread_index_in_simdgroup", {"lane", 1}},
        {"simdgroup_index_in_threadgroup", {"simdgroup", 1}},
        {"threads_per_simdgroup", {"simdWidth", 1}},
        {"thread_execution_width", {"simdWidth", 1}},
        {"simdgroups_per_threadgroup", {"simdgroups", 1}}};
    auto found = all.find(attribute);
    return found == all.end() ? nullptr : &found->second;
}

int componentsOf(const std::string & declared)
{
    std::string type = declared;
    if (type.rfind("const ", 0) == 0)
        type = type.substr(6);
    static const std::map<std::string, int> all = {{"uint", 1}, {"ushort", 1}, {"uint32_t", 1}, {"uint16_t", 1}, {"uint2", 2}, {"ushort2", 2}, {"uint3", 3}, {"ushort3", 3}};
    auto found = all.find(type);
    return found == all.end() ? 0 : found->second;
}

std::string idArgument(const ThreadId & id, const std::string & declared)
{
    const std::string type = declared.rfind("const ", 0) == 0 ? declared.substr(6) : declared, field = std::string("t->") + id.field;
    if (id.components == 1)
        return "(" + type + ")" + field;
    const int count = componentsOf(type);
    if (count == 1)
        return "(" + type + ")" + field + "[0]";
    std::string list;
    for (int i = 0; i < count; ++i)
        list += (i ? "," : "") + ("(" + type.substr(0, type.size() - 1) + ")") + field + "[" + std::to_string(i) + "]";
    return type + "{" + list + "}";
}
}
