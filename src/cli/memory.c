/* Linux promises more memory than there is and ends the program when it runs out. With a limit on the address
 * space an allocation that cannot be kept fails instead, and becomes a sentence. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/cli.h"

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

#ifdef ADDRESS_SANITIZER

/* Its shadow memory reserves more address space than any limit allows. */
void limit_memory(void) {}

#else

/* Reserved but never touched: stacks of threads, room that malloc sets aside for each of them. */
static const uint64_t reserve_bytes = (uint64_t)1 << 30;

/* A number behind a word of a file of the system, or the first number where the word is empty. */
static bool read_number(const char *path, const char *word, uint64_t *number)
{
    FILE *file = fopen(path, "r");
    if (!file) return false;
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        unsigned long long value;
        if (strncmp(line, word, strlen(word)) != 0) continue;
        found = sscanf(line + strlen(word), "%llu", &value) == 1;
        if (found) *number = value;
        if (*word == '\0') break;
    }
    fclose(file);
    return found;
}

void limit_memory(void)
{
    uint64_t available, swap = 0, most, used;
    if (!read_number("/proc/meminfo", "MemAvailable:", &available)) return;
    read_number("/proc/meminfo", "SwapFree:", &swap);
    uint64_t bytes = (available + swap) * 1024; /* they are in kilobytes */
    /* A container may have less. */
    if (read_number("/sys/fs/cgroup/memory.max", "", &most) &&
        read_number("/sys/fs/cgroup/memory.current", "", &used) && used < most &&
        most - used < bytes) {
        bytes = most - used;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0) return;
    rlim_t wanted = (rlim_t)(bytes + reserve_bytes);
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < wanted) return;
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_AS, &limit);
}

#endif
