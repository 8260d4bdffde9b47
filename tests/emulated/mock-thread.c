/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev does not tell its thread's context, but calls every handler there: a node that nobody
 * else knows is connected to once, and its handler notes the context. What is started here has the
 * priority of umockdev's own work, so that busy devices do not put it off, and comes after what
 * was started before.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "emulated/mock-thread.h"
#include "util/cleanup.h"

struct mock_thread {
        GMutex mutex;
        GCond changed;
        GMainContext *context;
};

static void on_connected(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, gpointer userdata)
{
        struct mock_thread *worker = userdata;

        g_mutex_lock(&worker->mutex);
        worker->context = g_main_context_ref_thread_default();
        g_cond_signal(&worker->changed);
        g_mutex_unlock(&worker->mutex);
}

static int connect_node(UMockdevTestbed *umockdev, const char *node)
{
        g_autofree char *root = umockdev_testbed_get_root_dir(umockdev);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        CLEANUP(close_fdp) int fd = -1;

        g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/ioctl%s", root, node);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int mock_thread_new(struct mock_thread **ret, UMockdevTestbed *umockdev)
{
        static const char node[] = "/dev/testbed-worker";
        struct mock_thread *worker = g_new0(struct mock_thread, 1);
        UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
        int fd = -EIO;

        g_mutex_init(&worker->mutex);
        g_cond_init(&worker->changed);
        g_signal_connect(handler, "client-connected", G_CALLBACK(on_connected), worker);
        if (umockdev_testbed_attach_ioctl(umockdev, node, handler, NULL)) {
                fd = connect_node(umockdev, node);
                g_mutex_lock(&worker->mutex);
                while (fd >= 0 && !worker->context)
                        g_cond_wait(&worker->changed, &worker->mutex);
                g_mutex_unlock(&worker->mutex);
                umockdev_testbed_detach_ioctl(umockdev, node, NULL);
        }
        g_object_unref(handler);
        if (fd < 0) {
                mock_thread_free(worker);
                return fd;
        }
        close(fd);
        *ret = worker;
        return 0;
}

struct mock_thread *mock_thread_free(struct mock_thread *worker)
{
        if (!worker)
                return NULL;
        if (worker->context)
                g_main_context_unref(worker->context);
        g_cond_clear(&worker->changed);
        g_mutex_clear(&worker->mutex);
        g_free(worker);
        return NULL;
}

void mock_thread_start(struct mock_thread *worker, GSourceFunc function, gpointer userdata)
{
        GSource *source = g_idle_source_new();

        g_source_set_priority(source, G_PRIORITY_DEFAULT);
        g_source_set_callback(source, function, userdata, NULL);
        g_source_attach(source, worker->context);
        g_source_unref(source);
}

struct job {
        struct mock_thread *worker;
        void (*function)(void *userdata);
        void *userdata;
        bool done;
};

static gboolean run_job(gpointer userdata)
{
        struct job *job = userdata;

        if (job->function)
                job->function(job->userdata);
        g_mutex_lock(&job->worker->mutex);
        job->done = true;
        g_cond_broadcast(&job->worker->changed);
        g_mutex_unlock(&job->worker->mutex);
        return G_SOURCE_REMOVE;
}

void mock_thread_run_and_wait(struct mock_thread *worker, void (*function)(void *userdata),
                              void *userdata)
{
        struct job job = { .worker = worker, .function = function, .userdata = userdata };

        mock_thread_start(worker, run_job, &job);
        g_mutex_lock(&worker->mutex);
        while (!job.done)
                g_cond_wait(&worker->changed, &worker->mutex);
        g_mutex_unlock(&worker->mutex);
}
