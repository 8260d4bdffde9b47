/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/thread.h"

#include <pthread.h>

int thread_start(void *(*function)(void *), void *argument)
{
        pthread_attr_t attributes;
        pthread_t thread;
        int r;

        r = pthread_attr_init(&attributes);
        if (r != 0)
                return -r;
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        r = pthread_create(&thread, &attributes, function, argument);
        pthread_attr_destroy(&attributes);
        return -r;
}
