#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "ops/op.h"

int command_ops(const Args *args)
{
    Text text = {0};
    bool json = args_flag(args, "json");
    if (json) json_array_begin(&text);
    for (int i = 0; i < op_count(); i++) {
        if (json) {
            json_string(&text, op_at(i)->name);
        } else {
            text_format(&text, i ? "\n%s" : "%s", op_at(i)->name);
        }
    }
    if (json) json_array_end(&text);
    return cli_print(&text);
}

int command_techniques(const Args *args)
{
    Text text = {0};
    if (args_flag(args, "json")) {
        techniques_json(&text);
        return cli_print(&text);
    }
    for (int i = 0; i < technique_count(); i++) {
        const Technique *technique = technique_at(i);
        text_format(&text, "%s%-18s %s\n%18s ", i ? "\n" : "", technique->id, technique->sentence,
                    "");
        if (technique->param_count == 0) text_format(&text, "(no parameters)");
        for (int p = 0; p < technique->param_count; p++) {
            text_format(&text, "%s--%s", p ? " " : "", technique->params[p].name);
        }
    }
    return cli_print(&text);
}
