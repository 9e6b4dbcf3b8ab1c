#include "cli/progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* A signal handler has nowhere else to leave its word. */
static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

bool progress_interrupted(void)
{
    return interrupted != 0;
}

Progress progress_begin(const char *title)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    return (Progress){.title = title, .shown = isatty(STDERR_FILENO), .started = clock_seconds()};
}

static void time_left(double seconds, char text[32])
{
    if (seconds < 100) {
        snprintf(text, 32, "%.0f s left", ceil(seconds));
    } else {
        snprintf(text, 32, "%.0f min left", ceil(seconds / 60));
    }
}

void progress_show(Progress *progress, double share)
{
    double now = clock_seconds();
    if (!progress->shown || now - progress->drawn < 0.1) return;
    progress->drawn = now;
    share = share > 0 ? share < 1 ? share : 1 : 0;
    double spent = now - progress->started;
    char left[32] = "";
    /* The first second tells too little about the rest. */
    if (share > 0.02 && spent > 1) time_left(spent * (1 - share) / share, left);
    enum { WIDTH = 30 };
    int filled = (int)(share * WIDTH);
    char bar[WIDTH + 1];
    memset(bar, '#', (size_t)filled);
    memset(bar + filled, '.', (size_t)(WIDTH - filled));
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %s", progress->title, bar, share * 100, left);
    fflush(stderr);
}

double progress_end(Progress *progress)
{
    if (progress->shown && progress->drawn > 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->shown = false;
    return clock_seconds() - progress->started;
}
