#pragma once
#include <string>
#include <vector>

namespace emu {
// Runs a program without a shell. Returns its exit code (-1: it could not be started or was killed); `output` gets both its streams.
int runProgram(const std::vector<std::string> & arguments, std::string & output);
std::string readFile(const std::string & path);
// A name beside a path that no other thread or process uses.
std::string besides(const std::string & path);
// Writes beside the target and renames, so that another process never sees half a file.
bool writeFile(const std::string & path, const std::string & text);
bool exists(const std::string & path);
uint64_t hashOf(const std::string & text);
}
