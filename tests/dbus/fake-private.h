#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the fake manager share.
 */
#include <stdlib.h>

struct manager;

#define NEED(pointer)                                                                              \
        do {                                                                                       \
                if (!(pointer))                                                                    \
                        abort();                                                                   \
        } while (0)

#define TELL(m, event, ...)                                                                        \
        do {                                                                                       \
                if ((m)->observer.event)                                                           \
                        (m)->observer.event((m)->userdata, ##__VA_ARGS__);                         \
        } while (0)

void fake_clear_config(struct manager *m);
