#include "parallel.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "support/test.h"

enum { COUNT = 10007 };

typedef struct Visits {
    unsigned char times[COUNT]; /* each index is written by one thread only */
    int most_threads, wrong;    /* written where it should not be: any value is a failure */
} Visits;

static void visit(void *context, size_t begin, size_t end, int thread)
{
    Visits *visits = context;
    if (thread < 0 || thread >= visits->most_threads || begin >= end || end > COUNT)
        visits->wrong = 1;
    for (size_t i = begin; i < end; i++) visits->times[i]++;
}

static void every_index_is_visited_once(void)
{
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, COUNT},
                        grains[] = {0, 1, 3, 64, COUNT, SIZE_MAX / 4};
    static const int threads[] = {1, 2, 3, 8};
    for (size_t t = 0; t < 4; t++) {
        const int started = parallel_start(threads[t]);
        CHECK(started >= 1 && started <= threads[t]);
        CHECK(parallel_threads() == started);
        for (size_t i = 0; i < 7 * 6; i++) {
            const size_t count = counts[i % 7], grain = grains[i / 7];
            Visits visits = {.most_threads = started};
            parallel_for(count, grain, visit, &visits);
            CHECK(!visits.wrong);
            for (size_t k = 0; k < COUNT; k++) {
                if (visits.times[k] == (k < count)) continue;
                test_fail(__FILE__, __LINE__,
                          "count %zu grain %zu threads %d: index %zu was visited %d times", count,
                          grain, threads[t], k, visits.times[k]);
                break;
            }
        }
    }
    parallel_stop();
    CHECK(parallel_threads() == 1);
}

static void a_loop_keeps_within_its_threads(void)
{
    parallel_start(4);
    for (int round = 0; round < 200; round++) {
        Visits visits = {.most_threads = 2};
        parallel_for_within(2, COUNT, 16, visit, &visits);
        CHECK(!visits.wrong);
    }
    parallel_stop();
}

static void many_short_loops(void)
{
    parallel_start(3);
    Visits visits = {.most_threads = 3};
    for (int round = 0; round < 200; round++) parallel_for(5, 1, visit, &visits);
    for (int k = 0; k < 5; k++) CHECK(visits.times[k] == 200);
    parallel_stop();
}

static void sleep_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000};
    nanosleep(&time, NULL);
}

/* Long enough for who sleeps to be woken. */
static void visit_slowly(void *context, size_t begin, size_t end, int thread)
{
    _Atomic int *pieces_of = context;
    for (size_t i = begin; i < end; i++) {
        sleep_ms(2);
        pieces_of[thread]++;
    }
}

/* Threads sleep between loops that are far apart, and so does the caller while the last pieces take long. */
static void who_slept_is_woken(void)
{
    const int threads = parallel_start(3);
    _Atomic int pieces_of[3] = {0};
    for (int round = 0; round < 20; round++) {
        parallel_for(7, 1, visit_slowly, pieces_of);
        sleep_ms(4);
    }
    CHECK(pieces_of[0] + pieces_of[1] + pieces_of[2] == 140);
    if (threads > 1) CHECK(pieces_of[0] < 140);
    parallel_stop();
}

static void starts_and_stops_again(void)
{
    for (int round = 0; round < 20; round++) {
        parallel_start(1 + round % 4);
        Visits visits = {.most_threads = 4};
        parallel_for(100, 7, visit, &visits);
        CHECK(visits.times[99] == 1);
    }
    parallel_stop();
    parallel_stop();
    CHECK(parallel_start(0) == 1);
    CHECK(parallel_start(-3) == 1);
    CHECK(parallel_start(1000) <= PARALLEL_MAX_THREADS);
    parallel_stop();
}

/* Until threads are made, one runs what was planned for several. */
static void plans_count_on_threads_to_come(void)
{
    const int planned = parallel_expect(3);
    CHECK(planned == parallel_threads());
    CHECK(planned == 3 || parallel_start(3) == 1); /* there are builds without threads */
    Visits visits = {.most_threads = 1};
    parallel_for_within(parallel_threads(), COUNT, 16, visit, &visits);
    CHECK(!visits.wrong && visits.times[COUNT - 1] == 1);
    const int started = parallel_start(3);
    CHECK(started <= 3 && parallel_threads() == started);
    visits.most_threads = 3;
    parallel_for_within(3, COUNT, 16, visit, &visits);
    CHECK(!visits.wrong && visits.times[0] == 2);
    parallel_stop();
    CHECK(parallel_threads() == 1);
}

static const Test tests[] = {
    TEST(every_index_is_visited_once),
    TEST(a_loop_keeps_within_its_threads),
    TEST(many_short_loops),
    TEST(who_slept_is_woken),
    TEST(starts_and_stops_again),
    TEST(plans_count_on_threads_to_come),
};
TEST_MAIN(tests)
