#include "Compiler.h"
#include "../Process.h"
#include "../Settings.h"

namespace emu {
std::vector<std::string> frontEnd()
{
    // No double, no images: Metal kernels have no double, and the project's have no textures.
    return {settings.clang, "-target", "x86_64-linux-gnu", "-march=x86-64-v3", "-x", "clcpp", "-cl-std=clc++2021", "-Xclang",
            "-cl-ext=+cl_khr_fp16,-cl_khr_fp64,-__opencl_c_fp64,-__opencl_c_images,-__opencl_c_3d_image_writes,-__opencl_c_read_write_images,"
            "-cl_khr_3d_image_writes,-cl_khr_gl_msaa_sharing,-cl_khr_mipmap_image",
            "-cl-no-stdinc", "-Wno-unknown-attributes", "-Wno-gcc-compat", "-fno-color-diagnostics", "-fno-caret-diagnostics", "-isystem", settings.shim};
}

std::vector<std::string> codeFlags(bool checked)
{
    std::vector<std::string> flags = {"-fPIC", "-ffp-contract=off", "-fno-stack-protector", "-fstack-clash-protection"};
    if (!checked) {
        flags.push_back("-O2");
        return flags;
    }
    // The sanitizers' calls are kept and answered here: Checks/Hooks.cpp. Their runtimes are not linked.
    const std::string undefined = "alignment,integer-divide-by-zero,array-bounds";
    for (const std::string & f : {std::string("-O1"), std::string("-gline-tables-only")})
        flags.push_back(f);
    for (const std::string & f : {"-fsanitize=thread," + undefined, std::string("-fsanitize-minimal-runtime"), "-fsanitize-recover=" + undefined}) {
        flags.push_back("-Xclang");
        flags.push_back(f);
    }
    flags.push_back("-mllvm");
    flags.push_back("-tsan-instrument-func-entry-exit=0");
    return flags;
}

std::string programFile(const std::string & source)
{
    char name[32];
    snprintf(name, sizeof name, "/%016lx", (unsigned long)hashOf(source));
    const std::string base = settings.cache + name;
    // The cache folder is of one shim, one emulator and one clang. Messages name lines of the source, not of this file.
    return exists(base + ".metal") || writeFile(base + ".metal", "#line 1 \"program_source\"\n" + source) ? base : "";
}
}
