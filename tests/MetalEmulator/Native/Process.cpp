#include "Process.h"
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char ** environ;

namespace emu {
int runProgram(const std::vector<std::string> & arguments, std::string & output)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    std::vector<char *> argv;
    for (const std::string & a : arguments)
        argv.push_back(const_cast<char *>(a.c_str()));
    argv.push_back(nullptr);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        output = arguments[0] + ": could not be started";
        return -1;
    }
    char buffer[4096];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
        output.append(buffer, (size_t)n);
    close(ends[0]);
    int status = 0;
    if (waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string readFile(const std::string & path)
{
    std::string text;
    if (FILE * f = fopen(path.c_str(), "rb")) {
        char buffer[65536];
        for (size_t n; (n = fread(buffer, 1, sizeof buffer, f)) > 0;)
            text.append(buffer, n);
        fclose(f);
    }
    return text;
}

std::string besides(const std::string & path)
{
    static std::atomic<int> next;
    return path + "." + std::to_string(getpid()) + "." + std::to_string(next++);
}

bool writeFile(const std::string & path, const std::string & text)
{
    const std::string temporary = besides(path);
    FILE * f = fopen(temporary.c_str(), "wb");
    if (!f)
        return false;
    const bool whole = fwrite(text.data(), 1, text.size(), f) == text.size();
    return (fclose(f) == 0) & whole && rename(temporary.c_str(), path.c_str()) == 0;
}

bool exists(const std::string & path) { return access(path.c_str(), R_OK) == 0; }

uint64_t hashOf(const std::string & text)
{
    uint64_t h = 0xcbf29ce484222325ull; // FNV-1a
    for (unsigned char c : text)
        h = (h ^ c) * 0x100000001b3ull;
    return h;
}
}
