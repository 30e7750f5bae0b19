#include "Library.h"
#include "../Process.h"
#include "../Settings.h"
#include "Compiler.h"
#include "Symbols.h"
#include "Thunks.h"
#include <dlfcn.h>
#include <mutex>

namespace emu {
static std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string> & b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

uint64_t Kernel::groupBytes() const
{
    uint64_t sum = 0;
    for (const Range & r : groupVariables)
        sum += r.end - r.begin;
    return sum;
}

std::string preprocess(const std::string & source, std::string & error)
{
    const std::string base = programFile(source);
    if (base.empty())
        return error = settings.cache + ": cannot be written", "";
    if (!exists(base + ".i")) {
        const std::string fresh = besides(base + ".i");
        std::string output;
        if (runProgram(joined(frontEnd(), {"-E", base + ".metal", "-o", fresh}), output) != 0)
            return error = output, "";
        rename(fresh.c_str(), (base + ".i").c_str());
    }
    return readFile(base + ".i");
}

std::string syntaxTree(const std::string & source, std::string & error)
{
    const std::string text = preprocess(source, error), base = programFile(source);
    std::vector<Signature> signatures;
    if (text.empty() || !readSignatures(text, signatures, error))
        return "";
    const std::string file = besides(base) + ".ast.cl";
    std::string tree;
    if (!writeFile(file, text + thunksOf(signatures)))
        return error = file + ": cannot be written", "";
    const int code = runProgram(joined(frontEnd(), {"-fsyntax-only", "-Xclang", "-ast-dump", file}), tree);
    remove(file.c_str());
    return code == 0 ? tree : (error = tree, "");
}

static bool build(const std::string & text, const std::string & base, bool checked, std::string & error)
{
    ++counters.compiles;
    const std::string fresh = besides(base), written = fresh + ".cl", object = fresh + ".o", built = fresh + ".so";
    if (!writeFile(written, text))
        return error = written + ": cannot be written", false;
    bool good = runProgram(joined(joined(frontEnd(), codeFlags(checked)), {"-c", written, "-o", object}), error) == 0
             && runProgram({settings.linker, "-shared", object, "-o", built}, error) == 0;
    if (good && rename(built.c_str(), (base + ".so").c_str()) != 0)
        good = (error = base + ".so: cannot be written", false);
    remove(object.c_str());
    remove(written.c_str());
    return good;
}

static bool load(Library & library, std::string & error)
{
    void * handle = dlopen(library.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return error = dlerror(), false;
    for (auto & [name, k] : library.kernels) {
        k.thunk = (Thunk)dlsym(handle, thunkName(name).c_str());
        k.layout = (const uint64_t *)dlsym(handle, layoutName(name).c_str());
        if (!k.thunk || !k.layout)
            return error = "kernel " + name + ": is not in the compiled library", false;
    }
    return readSymbols(library, error);
}

static std::string edited(const std::string & source)
{
    if (settings.editFind.empty())
        return source;
    std::string out = source;
    int place = 0;
    for (size_t p = 0; (p = out.find(settings.editFind, p)) != std::string::npos;) {
        if (settings.editOccurrence != 0 && ++place != settings.editOccurrence) {
            p += settings.editFind.size();
            continue;
        }
        out.replace(p, settings.editFind.size(), settings.editReplace);
        p += settings.editReplace.size();
        ++counters.edits;
    }
    return out;
}

const Library * compile(const std::string & original, std::string & error)
{
    static std::mutex guard;
    static std::map<std::string, Library> loaded;
    std::lock_guard lock(guard);
    const std::string source = edited(original), text = preprocess(source, error);
    if (text.empty())
        return nullptr;
    const std::string base = programFile(source) + (settings.checked ? "c" : "p");
    auto known = loaded.find(base);
    if (known != loaded.end())
        return &known->second;
    Library library;
    library.checked = settings.checked;
    library.path = base + ".so";
    std::vector<Signature> signatures;
    if (!readSignatures(text, signatures, error))
        return nullptr;
    if (!exists(library.path) && !build(text + thunksOf(signatures), base, library.checked, error))
        return nullptr;
    for (Signature & s : signatures)
        library.kernels[s.name].signature = s;
    if (!load(library, error))
        return nullptr;
    return &(loaded[base] = library);
}
}
