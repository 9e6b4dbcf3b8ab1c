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

/* Looks before a thread sleeps, some 10 to 30 microseconds: a pass is hundreds of loops close together, and waking takes
 * as long as a small one. WebAssembly has no instruction to pause with, so that a look is shorter. */
#if defined(__EMSCRIPTEN__)
enum { LOOKS = 20000 };
#else
enum { LOOKS = 3000 };
#endif

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
 */
typedef struct Pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    pthread_t thread[PARALLEL_MAX_THREADS];
    int place[PARALLEL_MAX_THREADS]; /* index of each thread, where it can read it */
    int threads;                     /* the caller included; 0 before the first start */
    int expected;                    /* of a start that is still to come */
    _Atomic int active;              /* threads at work on the job, less the caller */
    _Atomic unsigned long jobs; /* so far: tells a thread that woke whether the job is a new one */
    Job *job;                   /* open to be joined, or NULL */
    bool stopping;
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

/* A while without the mutex, for another job than the last one seen. */
static void look_for_job(unsigned long seen)
{
    for (int i = 0; i < LOOKS && pool.jobs == seen; i++) pause_briefly();
}

/* The same for the end of all other threads' work. */
static void look_for_end(void)
{
    for (int i = 0; i < LOOKS && pool.active > 0; i++) pause_briefly();
}

static void *pool_thread(void *argument)
{
    const int index = *(const int *)argument;
    unsigned long seen = 0;
    pthread_mutex_lock(&pool.mutex);
    for (;;) {
        while (!pool.stopping && (!pool.job || pool.jobs == seen)) {
            pthread_cond_wait(&pool.wake, &pool.mutex);
        }
        if (pool.stopping) break;
        seen = pool.jobs;
        Job *job = pool.job;
        if (index >= job->threads) continue;
        pool.active++;
        pthread_mutex_unlock(&pool.mutex);
        job_work(job, index);
        pthread_mutex_lock(&pool.mutex);
        if (--pool.active == 0) pthread_cond_signal(&pool.done);
        pthread_mutex_unlock(&pool.mutex);
        look_for_job(seen);
        pthread_mutex_lock(&pool.mutex);
    }
    pthread_mutex_unlock(&pool.mutex);
    return NULL;
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
    pthread_mutex_lock(&pool.mutex);
    pool.threads = started;
    pool.expected = 0;
    pthread_mutex_unlock(&pool.mutex);
    return started;
}

int parallel_expect(int threads)
{
    pool.expected = threads < PARALLEL_MAX_THREADS ? threads : PARALLEL_MAX_THREADS;
    return parallel_threads();
}

void parallel_stop(void)
{
    pthread_mutex_lock(&pool.mutex);
    pool.stopping = true;
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.mutex);
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
    pthread_mutex_lock(&pool.mutex);
    assert(!pool.job);
    pool.job = &job;
    pool.jobs++;
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.mutex);

    job_work(&job, 0);

    pthread_mutex_lock(&pool.mutex);
    pool.job = NULL;
    if (pool.active > 0) {
        pthread_mutex_unlock(&pool.mutex);
        look_for_end();
        pthread_mutex_lock(&pool.mutex);
    }
    while (pool.active > 0) pthread_cond_wait(&pool.done, &pool.mutex);
    pthread_mutex_unlock(&pool.mutex);
}

#endif

void parallel_for(size_t count, size_t grain, ParallelFunction *function, void *context)
{
    parallel_for_within(PARALLEL_MAX_THREADS, count, grain, function, context);
}
