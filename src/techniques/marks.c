#include "techniques/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(Marks *marks, int step)
{
    const int at = marks->count++;
    marks->step[at] = step;
    snprintf(marks->name[at], sizeof marks->name[at], "after-%d", step);
    snprintf(marks->title[at], sizeof marks->title[at], "After %d steps", step);
}

Status marks_read(Run *run, int last, Marks *marks)
{
    const char *text = run_text(run, "series");
    long before = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " ,")) {
        char *end;
        const long step = strtol(text, &end, 10);
        if (end == text || (*end && !strchr(" ,", *end)) || step <= before) {
            return status_error(
                STATUS_BAD_INPUT,
                "series has to be growing numbers of steps, separated by commas, but "
                "goes on with '%.20s'",
                text);
        }
        if (step < last && marks->count == MAX_MARKS - 1) {
            return status_error(STATUS_BAD_INPUT,
                                "series has more than %d steps before the last: name fewer",
                                MAX_MARKS - 1);
        }
        if (step < last) add(marks, (int)step);
        before = step;
        text = end;
    }
    add(marks, last);
    return status_ok();
}

int marks_find(const Marks *marks, int step)
{
    for (int i = 0; i < marks->count; i++) {
        if (marks->step[i] == step) return i;
    }
    return -1;
}
