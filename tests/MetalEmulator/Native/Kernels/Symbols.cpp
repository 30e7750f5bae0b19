#include "Symbols.h"
#include "../Process.h"
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

namespace emu {
// A static array of kernel f is called f.array, or in the C++ manner _ZZ1fE5array.
static bool belongsTo(const char * symbol, const std::string & kernel)
{
    const std::string c = kernel + ".", cpp = "_ZZ" + std::to_string(kernel.size()) + kernel + "E";
    return strncmp(symbol, c.c_str(), c.size()) == 0 || strncmp(symbol, cpp.c_str(), cpp.size()) == 0;
}

static int findImage(dl_phdr_info * info, size_t, void * data)
{
    Library & library = *(Library *)data;
    if (library.path != info->dlpi_name)
        return 0;
    library.image.begin = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; ++i)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            library.image.end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    return 1;
}

bool readSymbols(Library & library, std::string & error)
{
    dl_iterate_phdr(findImage, &library);
    const std::string file = readFile(library.path);
    const Elf64_Ehdr * header = (const Elf64_Ehdr *)file.data();
    if (library.image.end == 0 || file.size() < sizeof *header || header->e_shoff + header->e_shnum * sizeof(Elf64_Shdr) > file.size())
        return error = library.path + ": is not the shared object that was built", false;
    const Elf64_Shdr * sections = (const Elf64_Shdr *)(file.data() + header->e_shoff);
    for (int i = 0; i < header->e_shnum; ++i) {
        if (sections[i].sh_type != SHT_SYMTAB)
            continue;
        const Elf64_Sym * symbols = (const Elf64_Sym *)(file.data() + sections[i].sh_offset);
        const char * names = file.data() + sections[sections[i].sh_link].sh_offset;
        for (size_t s = 0; s < sections[i].sh_size / sizeof *symbols; ++s) {
            if (ELF64_ST_TYPE(symbols[s].st_info) != STT_OBJECT || symbols[s].st_size == 0)
                continue;
            const uint64_t begin = library.image.begin + symbols[s].st_value;
            if (sections[symbols[s].st_shndx].sh_type == SHT_NOBITS)
                for (auto & [name, k] : library.kernels)
                    if (belongsTo(names + symbols[s].st_name, name))
                        k.groupVariables.push_back({begin, begin + symbols[s].st_size});
        }
    }
    return true;
}

std::string lineOf(const Library & library, uint64_t address)
{
    if (!library.checked || address < library.image.begin || address >= library.image.end)
        return "";
    char offset[32];
    // The address is that after the call.
    snprintf(offset, sizeof offset, "0x%lx", (unsigned long)(address - library.image.begin - 1));
    std::string output;
    if (runProgram({"addr2line", "-i", "-e", library.path, offset}, output) != 0)
        return "";
    // Innermost first; the first that is of the source, not of the shim.
    const size_t at = output.find("program_source:");
    if (at == std::string::npos)
        return "";
    const size_t digits = at + strlen("program_source:");
    const std::string line = output.substr(digits, output.find_first_not_of("0123456789", digits) - digits);
    return line.empty() ? "" : "line " + line;
}
}
