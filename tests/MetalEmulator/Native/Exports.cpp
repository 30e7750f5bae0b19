// What the test library calls. Strings go into the caller's buffer; the result is their whole length in bytes.
#include "Export.h"
#include "Findings.h"
#include "Kernels/Library.h"
#include "ObjectiveC/Runtime.h"
#include "Settings.h"
#include <algorithm>
#include <cstring>

namespace emu {

static int64_t give(const std::string & text, char * buffer, int64_t capacity)
{
    memcpy(buffer, text.data(), std::min((size_t)capacity, text.size()));
    return (int64_t)text.size();
}

EMU_EXPORT int metal_emu_set(const char * name, const char * value) { return setSetting(name, value); }
EMU_EXPORT int64_t metal_emu_counter(const char * name) { return counter(name); }
EMU_EXPORT void metal_emu_reset_counters() { counters = {}; }
EMU_EXPORT int64_t metal_emu_finding_count() { return (int64_t)findingCount(); }
EMU_EXPORT int64_t metal_emu_finding(int64_t index, char * buffer, int64_t capacity) { return give(findingAt((size_t)index), buffer, capacity); }
EMU_EXPORT void metal_emu_clear_findings() { clearFindings(); }
EMU_EXPORT int64_t metal_emu_living(char * buffer, int64_t capacity) { return give(livingObjects(), buffer, capacity); }

static int giveFile(const std::string & text, const std::string & error, const char * path, char * buffer, int64_t capacity)
{
    FILE * f = text.empty() ? nullptr : fopen(path, "wb");
    const bool written = f && fwrite(text.data(), 1, text.size(), f) == text.size();
    if (f)
        fclose(f);
    memset(buffer, 0, (size_t)capacity);
    give(error, buffer, capacity - 1);
    return written;
}

// The preprocessed source into a file that the caller reads; 0, with clang's words in `buffer`, where it cannot be had.
EMU_EXPORT int metal_emu_preprocess(const char * source, const char * path, char * buffer, int64_t capacity)
{
    std::string error;
    const std::string text = preprocess(source, error);
    return giveFile(text, error, path, buffer, capacity);
}

// The same with clang's dump of the syntax tree, where clang and the rules for kernels take the source.
EMU_EXPORT int metal_emu_syntax_tree(const char * source, const char * path, char * buffer, int64_t capacity)
{
    std::string error;
    const std::string text = syntaxTree(source, error);
    return giveFile(text, error, path, buffer, capacity);
}
}
