#include "Signature.h"
#include "Abi.h"
#include "Ids.h"
#include <cstdlib>
#include <cstring>
#include <set>

namespace emu {
static std::string trimmed(const std::string & s)
{
    const char * blank = " \t\r\n";
    const size_t a = s.find_first_not_of(blank);
    return a == std::string::npos ? "" : s.substr(a, s.find_last_not_of(blank) - a + 1);
}

static bool isWord(char c) { return isalnum((unsigned char)c) || c == '_'; }

// Where the bracket that opens at `open` closes.
static size_t closing(const std::string & s, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < s.size(); ++i) {
        if (strchr("([{", s[i]))
            depth++;
        if (strchr(")]}", s[i]) && --depth == 0)
            return i;
    }
    return std::string::npos;
}

static std::vector<std::string> atCommas(const std::string & s)
{
    std::vector<std::string> parts(1);
    int depth = 0;
    for (char c : s) {
        depth += strchr("([{<", c) && c ? 1 : strchr(")]}>", c) && c ? -1 : 0;
        if (c == ',' && depth == 0)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    for (std::string & p : parts)
        p = trimmed(p);
    if (parts.size() == 1 && parts[0].empty())
        parts.clear();
    return parts;
}

// The preprocessor's line marks ("# 12 ...") would stand between the parameters.
static std::string withoutMarks(const std::string & s)
{
    std::string out;
    for (size_t i = 0; i < s.size();) {
        size_t end = s.find('\n', i);
        end = end == std::string::npos ? s.size() : end + 1;
        if (s[i] != '#')
            out.append(s, i, end - i);
        i = end;
    }
    return out;
}

static bool hasWord(const std::string & s, const std::string & word)
{
    for (size_t p = 0; (p = s.find(word, p)) != std::string::npos; ++p)
        if ((p == 0 || !isWord(s[p - 1])) && (p + word.size() == s.size() || !isWord(s[p + word.size()])))
            return true;
    return false;
}

// A pointer's type may have a name of its own: `typedef device const float * weights_t;` or `using weights_t = device const float *;`.
static std::string resolved(const std::string & source, const std::string & type)
{
    if (type.empty() || !isWord(type.back()) || hasWord(type, "const"))
        return type;
    for (size_t p = 0; (p = source.find("typedef ", p)) != std::string::npos; p += 8) {
        const std::string declared = trimmed(source.substr(p + 8, source.find(';', p) - p - 8));
        if (declared.size() > type.size() && declared.compare(declared.size() - type.size(), type.size(), type) == 0 && !isWord(declared[declared.size() - type.size() - 1]))
            return trimmed(declared.substr(0, declared.size() - type.size()));
    }
    const size_t alias = source.find("using " + type + " =");
    if (alias == std::string::npos)
        return type;
    const size_t begin = source.find('=', alias) + 1;
    return trimmed(source.substr(begin, source.find(';', begin) - begin));
}

static bool readParameter(const std::string & source, const std::string & kernel, const std::string & text, Parameter & p, std::string & error)
{
    const std::string at = "kernel " + kernel + ": ";
    const size_t open = text.find("[[");
    if (open == std::string::npos)
        return error = at + "parameter '" + text + "' has no [[attribute]]", false;
    const std::string attribute = trimmed(text.substr(open + 2, text.find("]]", open) - open - 2)), declaration = trimmed(text.substr(0, open));
    size_t name = declaration.size();
    while (name > 0 && isWord(declaration[name - 1]))
        name--;
    p.name = declaration.substr(name);
    p.type = trimmed(declaration.substr(0, name));
    const size_t bracket = attribute.find('(');
    p.attribute = trimmed(attribute.substr(0, bracket));
    if (p.type.empty())
        return error = at + "parameter '" + text + "' has no name", false;

    const bool isMemory = p.attribute == "buffer" || p.attribute == "threadgroup" || p.attribute == "__local";
    if (isMemory)
        p.type = resolved(source, p.type);
    const char last = p.type.back();
    if (!isMemory) {
        p.kind = Parameter::Id;
        if (!idOf(p.attribute))
            return error = at + "unknown attribute [[" + p.attribute + "]]", false;
        if (last == '*' || last == '&')
            return error = at + "'" + p.name + "' with [[" + p.attribute + "]] is a value, not a pointer or a reference", false;
        return true;
    }
    char * end = nullptr;
    p.index = bracket == std::string::npos ? MaxBuffers : (uint32_t)strtoul(attribute.c_str() + bracket + 1, &end, 10);
    if (bracket == std::string::npos || end == attribute.c_str() + bracket + 1 || p.index >= MaxBuffers)
        return error = at + "'" + p.name + "' needs an index of 0 to 30 in [[" + attribute + "]]", false;
    if (last != '*' && last != '&')
        return error = at + "'" + p.name + "' must be a pointer or a reference", false;
    p.kind = p.attribute != "buffer" ? Parameter::Threadgroup : last == '&' ? Parameter::Reference : Parameter::Pointer;

    const bool global = hasWord(p.type, "__global"), local = hasWord(p.type, "__local"), fixed = hasWord(p.type, "__constant") || hasWord(p.type, "constant");
    if (global + local + fixed != 1)
        return error = at + "'" + p.name + "' must have one explicit address space", false;
    if (local != (p.kind == Parameter::Threadgroup))
        return error = at + "'" + p.name + "' with [[" + attribute + "]] is in the wrong address space", false;
    p.written = global && !hasWord(p.type, "const");
    return true;
}

// Apple's rules for a whole parameter list; clang knows nothing of them.
static bool checkList(const Signature & k, std::string & error)
{
    std::set<std::string> used;
    int components = 0;
    for (const Parameter & p : k.parameters) {
        const std::string key = p.kind == Parameter::Id ? p.attribute : (p.kind == Parameter::Threadgroup ? "threadgroup(" : "buffer(") + std::to_string(p.index) + ")";
        if (!used.insert(key).second)
            return error = "kernel " + k.name + ": [[" + key + "]] is used twice", false;
        if (p.kind != Parameter::Id)
            continue;
        const ThreadId & id = *idOf(p.attribute);
        const int count = componentsOf(p.type);
        if (count == 0 || (id.components == 1 && count != 1))
            return error = "kernel " + k.name + ": '" + p.name + "': [[" + p.attribute + "]] cannot be of type " + p.type, false;
        if (id.components == 1)
            continue;
        if (components != 0 && components != count)
            return error = "kernel " + k.name + ": expecting input declarations with either all scalar types or all vector types with the same number of elements ('" + p.name + "')", false;
        components = count;
    }
    return true;
}

bool readSignatures(const std::string & marked, std::vector<Signature> & kernels, std::string & error)
{
    const std::string text = withoutMarks(marked);
    std::set<std::string> names;
    for (size_t p = 0; (p = text.find("kernel", p)) != std::string::npos; ++p) {
        const size_t after = p + 6;
        if ((p > 0 && (isWord(text[p - 1]) && !(p > 1 && text[p - 1] == '_' && text[p - 2] == '_'))) || after >= text.size() || isWord(text[after]))
            continue;
        const size_t kind = text.find_first_not_of(" \t\r\n", after);
        if (kind == std::string::npos || text.compare(kind, 5, "void ") != 0)
            return error = "a kernel must be declared as 'kernel void name(...)'", false;
        const size_t open = text.find('(', kind), close = open == std::string::npos ? open : closing(text, open);
        if (close == std::string::npos)
            return error = "a kernel's parameter list does not end", false;
        Signature k;
        k.name = trimmed(text.substr(kind + 5, open - kind - 5));
        if (!names.insert(k.name).second)
            return error = "kernel " + k.name + " is defined twice", false;
        for (const std::string & part : atCommas(text.substr(open + 1, close - open - 1))) {
            Parameter parameter{};
            if (!readParameter(text, k.name, part, parameter, error))
                return false;
            k.parameters.push_back(parameter);
        }
        if (!checkList(k, error))
            return false;
        kernels.push_back(k);
        p = close;
    }
    return true;
}
}
