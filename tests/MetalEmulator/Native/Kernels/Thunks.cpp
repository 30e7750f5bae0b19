#include "Thunks.h"
#include "Ids.h"

namespace emu {
static std::string argument(const Parameter & p)
{
    const std::string index = std::to_string(p.index), pointee = p.type.substr(0, p.type.size() - 1);
    switch (p.kind) {
    case Parameter::Pointer: return "(" + p.type + ")b[" + index + "]";
    case Parameter::Reference: return "*(" + pointee + "*)b[" + index + "]";
    case Parameter::Threadgroup: return "(" + pointee + "*)g[" + index + "]";
    default: return idArgument(*idOf(p.attribute), p.type);
    }
}

std::string thunksOf(const std::vector<Signature> & kernels)
{
    std::string out = "\n#line 1 \"thunks\"\n";
    for (const Signature & k : kernels) {
        std::string arguments, layout;
        for (const Parameter & p : k.parameters) {
            arguments += (arguments.empty() ? "" : ", ") + argument(p);
            const std::string pointee = p.type.substr(0, p.type.size() - 1);
            layout += p.kind == Parameter::Id ? "0,0," : "sizeof(" + pointee + "),__alignof__(" + pointee + "),";
        }
        out += "extern \"C\" void " + thunkName(k.name) + "(const __private ulong * b, const __private ulong * g, const __private EmuThread * t) { "
             + k.name + "(" + arguments + "); }\n";
        out += "extern \"C\" { extern constant ulong " + layoutName(k.name) + "[]; constant ulong " + layoutName(k.name) + "[] = {" + layout + "0}; }\n";
    }
    return out;
}
}
