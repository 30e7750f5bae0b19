#include "Settings.h"
#include <cstdlib>
#include <functional>
#include <map>

namespace emu {
Settings settings;
Counters counters;

static bool number(const std::string & text, double & value)
{
    char * end = nullptr;
    value = strtod(text.c_str(), &end);
    return !text.empty() && *end == 0;
}

static bool setOrder(const std::string & v)
{
    static const std::map<std::string, Order> orders = {
        {"forward", Order::Forward}, {"reverse", Order::Reverse}, {"random", Order::Random}, {"greedy", Order::Greedy}};
    auto found = orders.find(v);
    if (found != orders.end())
        settings.order = found->second;
    return found != orders.end();
}

bool setSetting(const std::string & name, const std::string & v)
{
    Settings & s = settings;
    double n = 0;
    if (name == "order") return setOrder(v);
    if (name == "clang") return s.clang = v, true;
    if (name == "linker") return s.linker = v, true;
    if (name == "shim") return s.shim = v, true;
    if (name == "cache") return s.cache = v, true;
    if (name == "edit-find") return s.editFind = v, true;
    if (name == "edit-replace") return s.editReplace = v, true;
    if (!number(v, n) || n < 0) return false;
    if (name == "seed") return s.seed = (uint32_t)n, true;
    if (name == "checked") return s.checked = n != 0, true;
    if (name == "seconds-per-dispatch") return s.secondsPerDispatch = n, true;
    if (name == "memory-limit") return s.memoryLimit = (uint64_t)n, true;
    if (name == "max-buffer-length") return s.maxBufferLength = (uint64_t)n, true;
    if (name == "family") return s.family = (long)n, true;
    if (name == "default-device") return s.hasDefaultDevice = n != 0, true;
    if (name == "listed-device") return s.listsDevice = n != 0, true;
    if (name == "needs-core-graphics") return s.needsCoreGraphics = n != 0, true;
    if (name == "core-graphics") return s.hasCoreGraphics = n != 0, true;
    if (name == "edit-occurrence") return s.editOccurrence = (int)n, true;
    if (name == "hold-commands") return s.holdCommands = n != 0, true;
    if (name == "fail-next-command") return s.failNextCommand = (int)n, true;
    return false;
}

int64_t counter(const std::string & name)
{
    static const std::map<std::string, uint64_t Counters::*> names = {
        {"compiles", &Counters::compiles}, {"edits", &Counters::edits}, {"command-buffers", &Counters::commandBuffers},
        {"dispatches", &Counters::dispatches}, {"threads", &Counters::threads}, {"meetings", &Counters::meetings},
        {"barriers", &Counters::barriers}, {"accesses", &Counters::accesses}};
    if (name == "private-bytes" || name == "shared-bytes")
        return (int64_t)storageBytes(name == "shared-bytes");
    auto found = names.find(name);
    return found == names.end() ? -1 : (int64_t)(counters.*found->second);
}
}
