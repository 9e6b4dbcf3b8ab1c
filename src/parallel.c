#include "parallel.h"

#include <assert.h>
#include <stdbool.h>

#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)

int parallel_start(int threads)
{
    (void)threads;
    return 1;
}

int parallel_expect(int threads)
{
    (void)threads;
    return 1;
}

void parallel_stop(void) {}

int parallel_threads(void)
{
    return 1;
}

void parallel_for_within(int threads, size_t count, size_t grain, ParallelFunction *function,
                         void *context)
{
    (void)threads, (void)grain;
    if (count) function(context, 0, count, 0);
}

#else

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"

/*
 * A pass is hundreds of loops close together, and waking a thread takes as long as a small one. So threads look for a
 * while before they sleep: one of the pool longer than passes that follow each other are apart, the caller about as long
 * as waking it would take. A thread that slept is often woken where the caller runs, even beside an idle processor, and
 * moved from there only when the scheduler finds both of them ready to run for some milliseconds.
 */
static const double LINGER_SECONDS = 1e-3, END_SECONDS = 5e-5;

/* Looks between two at the clock. */
enum { LOOKS = 64 };

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

typedef struct Job {
    ParallelFunction *function;
    void *context;
    size_t count, grain;
    int threads;
    _Atomic size_t next; /* first index that nobody has taken */
} Job;

/*
 * A loop waits only for the threads that joined it. A thread whose start hangs, as it can in a browser,
 * never joins, and costs nothing but its share of the speed.
 *
 * Nobody takes the mutex but to sleep and to wake who sleeps. A thread counts itself as active before it asks for the
 * job, and the caller takes the job away before it asks who is active: so the job outlives its last reader. In the same
 * way, a thread says that it sleeps before it looks for the last time, and is looked for only after there is a job.
 */
typedef struct Pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    pthread_t thread[PARALLEL_MAX_THREADS];
    int place[PARALLEL_MAX_THREADS]; /* index of each thread, where it can read it */
    int threads;                     /* the caller included; 0 before the first start */
    int expected;                    /* of a start that is still to come */
    _Atomic(Job *) job;              /* open to be joined, or NULL */
    _Atomic unsigned long jobs;      /* so far: tells a thread whether the job is a new one */
    _Atomic int active;      /* threads that look at the job or work on it, less the caller */
    _Atomic int asleep;      /* threads that must be woken for a job */
    _Atomic bool waited_for; /* the caller sleeps until nobody is active */
    _Atomic bool stopping;
} Pool;

static Pool pool = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .done = PTHREAD_COND_INITIALIZER,
};

static void job_work(Job *job, int thread)
{
    for (;;) {
        size_t begin = atomic_fetch_add_explicit(&job->next, job->grain, memory_order_relaxed);
        if (begin >= job->count) return;
        size_t end = job->count - begin < job->grain ? job->count : begin + job->grain;
        job->function(job->context, begin, end, thread);
    }
}

/* Whoever sleeps on the condition holds the mutex between the last look and its sleep. */
static void wake_all(pthread_cond_t *condition)
{
    pthread_mutex_lock(&pool.mutex);
    pthread_mutex_unlock(&pool.mutex);
    pthread_cond_broadcast(condition);
}

/* ---- a thread of the pool ---- */

static bool is_called(unsigned long seen)
{
    return pool.jobs != seen || pool.stopping;
}

static void wait_for_job(unsigned long seen)
{
    const double until = clock_seconds() + LINGER_SECONDS;
    do {
        for (int i = 0; i < LOOKS; i++) {
            if (is_called(seen)) return;
            pause_briefly();
        }
    } while (clock_seconds() < until);
    pthread_mutex_lock(&pool.mutex);
    pool.asleep++;
    while (!is_called(seen)) pthread_cond_wait(&pool.wake, &pool.mutex);
    pool.asleep--;
    pthread_mutex_unlock(&pool.mutex);
}

static void join_job(int index)
{
    pool.active++;
    Job *job = pool.job;
    if (job && index < job->threads) job_work(job, index);
    if (--pool.active == 0 && pool.waited_for) wake_all(&pool.done);
}

static void *pool_thread(void *argument)
{
    const int index = *(const int *)argument;
    for (unsigned long seen = 0; !pool.stopping;) {
        if (pool.jobs == seen) wait_for_job(seen);
        seen = pool.jobs;
        join_job(index);
    }
    return NULL;
}

/* ---- the caller ---- */

static void wait_for_end(void)
{
    const double until = clock_seconds() + END_SECONDS;
    do {
        for (int i = 0; i < LOOKS; i++) {
            if (pool.active == 0) return;
            pause_briefly();
        }
    } while (clock_seconds() < until);
    pthread_mutex_lock(&pool.mutex);
    pool.waited_for = true;
    while (pool.active > 0) pthread_cond_wait(&pool.done, &pool.mutex);
    pool.waited_for = false;
    pthread_mutex_unlock(&pool.mutex);
}

int parallel_start(int threads)
{
    parallel_stop();
    if (threads > PARALLEL_MAX_THREADS) threads = PARALLEL_MAX_THREADS;
    int started = 1;
    while (started < threads) {
        pool.place[started] = started;
        if (pthread_create(&pool.thread[started], NULL, pool_thread, &pool.place[started]) != 0)
            break;
        started++;
    }
    pool.threads = started;
    pool.expected = 0;
    return started;
}

int parallel_expect(int threads)
{
    pool.expected = threads < PARALLEL_MAX_THREADS ? threads : PARALLEL_MAX_THREADS;
    return parallel_threads();
}

void parallel_stop(void)
{
    pool.stopping = true;
    wake_all(&pool.wake);
    for (int i = 1; i < pool.threads; i++) pthread_join(pool.thread[i], NULL);
    pool.threads = 1;
    pool.stopping = false;
}

int parallel_threads(void)
{
    const int threads = pool.threads > pool.expected ? pool.threads : pool.expected;
    return threads > 1 ? threads : 1;
}

void parallel_for_within(int threads, size_t count, size_t grain, ParallelFunction *function,
                         void *context)
{
    if (count == 0) return;
    if (grain == 0) grain = 1;
    if (threads < 2 || pool.threads < 2 || count <= grain) {
        function(context, 0, count, 0);
        return;
    }
    Job job = {.function = function,
               .context = context,
               .count = count,
               .grain = grain,
               .threads = threads};
    assert(!pool.job);
    pool.job = &job;
    pool.jobs++;
    if (pool.asleep > 0) wake_all(&pool.wake);
    job_work(&job, 0);
    pool.job = NULL;
    if (pool.active > 0) wait_for_end();
}

#endif

void parallel_for(size_t count, size_t grain, ParallelFunction *function, void *context)
{
    parallel_for_within(PARALLEL_MAX_THREADS, count, grain, function, context);
}
