#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line.
 */
#include "ctl/commands.h"
#include "ctl/ctl.h"

enum options_result {
        OPTIONS_RUN,
        OPTIONS_DONE,  /* help or version has been printed */
        OPTIONS_USAGE, /* what is wrong has been printed */
};

/* Sets what ctl is told by options, and which command is to run with which arguments. */
enum options_result options_parse(int argc, char **argv, struct ctl *ctl,
                                  const struct command **ret_command, char ***ret_arguments);
