#include "cli/learn.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/model.h"
#include "cli/progress.h"

Status learn_read_options(const Args *args, const char *initial, LearnOptions *options)
{
    TRY(train_read_paths(args, initial, &options->paths));
    TRY(args_int(args, "save", 0, 1 << 20, 60, &options->save_seconds));
    TRY(args_int(args, "measure", 1, 1 << 20, 0, &options->measured_steps));
    TRY(cli_start_threads(args));
    return options->measured_steps ? status_ok() : file_check_writable(options->paths.out);
}

static Status run(const Learner *l, const LearnOptions *options)
{
    const char *state = options->paths.state;
    Progress progress = progress_begin(l->title);
    double saved = clock_seconds();
    Status status = status_ok();
    while (status.code == STATUS_OK && !l->done(l->training) && !progress_interrupted()) {
        const int lines = l->lines(l->training);
        status = l->step(l->training);
        if (status.code != STATUS_OK) break;
        const bool reports = l->lines(l->training) != lines;
        if (reports) status = l->report(l->training);
        const bool due = clock_seconds() - saved >= options->save_seconds;
        if (status.code == STATUS_OK && (reports || due)) {
            status = l->save(l->training, state);
            saved = clock_seconds();
        }
        progress_show(&progress, l->progress(l->training));
    }
    progress_end(&progress);
    if (status.code == STATUS_OK && progress_interrupted()) status = l->save(l->training, state);
    return status;
}

/* Times steps after the first, which takes the memory. */
static Status measure(const Learner *l, int steps)
{
    TRY(l->step(l->training));
    double best = INFINITY, sum = 0;
    for (int i = 0; i < steps; i++) {
        const double started = clock_seconds();
        TRY(l->step(l->training));
        const double seconds = clock_seconds() - started;
        best = fmin(best, seconds);
        sum += seconds;
    }
    printf("%.1f pictures per second, at best %.1f; a batch of %d\n", l->batch * steps / sum,
           l->batch / best, l->batch);
    return status_ok();
}

Status learn(const Learner *l, const LearnOptions *options)
{
    if (options->measured_steps) return measure(l, options->measured_steps);
    const TrainPaths *paths = &options->paths;
    if (file_exists(paths->state)) {
        TRY(l->load(l->training, paths->state));
        cli_note("goes on after step %ld, from %s", l->steps(l->training), paths->state);
    }
    TRY(run(l, options));
    /* Stopped by Ctrl-C, what is there is written as well. */
    char name[PATH_BYTES];
    TRY(path_with_ending(path_name(paths->out), "", name));
    TRY(l->write(l->training, name, paths->out));
    printf("%s\n", paths->out);
    return status_ok();
}

int learn_exit(const Learner *l, const LearnOptions *options, Status status)
{
    if (status.code != STATUS_OK) return cli_fail(status);
    if (options->measured_steps || l->done(l->training)) return EXIT_DONE;
    cli_note("stopped; the same command goes on from %s", options->paths.state);
    return EXIT_INTERRUPTED;
}
