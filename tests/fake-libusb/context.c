/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library's life: contexts, options, log. The first libusb_init() reads FAKE_LIBUSB and makes
 * the device; the last libusb_exit() writes the report, so that a program may come and go several
 * times. All descriptors are made in libusb_init(): afterwards a program may be in a sandbox that
 * allows read, write, poll, timerfd_settime, close and memory only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "fake-libusb/fake.h"

struct fake fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Set before the first context by libusb_set_option(NULL, ...). */
static bool no_discovery;
static int first_log_level;

struct libusb_context *context_get(struct libusb_context *context)
{
        return context ? context : fake.default_context;
}

/* Something libusb's documentation forbids: counted, and said as libusb would say an error. */
void misuse(struct libusb_context *context, const char *format, ...)
{
        char text[256];
        va_list arguments;

        fake.counters.misuse++;
        if (!context || context->log_level < LIBUSB_LOG_LEVEL_ERROR)
                return;
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (context->log)
                context->log(context, LIBUSB_LOG_LEVEL_ERROR, text);
        else
                dprintf(2, "fake-libusb: %s\n", text);
}

/* The first context: everything starts anew. */
static int fake_start(void)
{
        struct options options;
        uint64_t generation = fake.generation;
        int r;

        r = options_parse(getenv("FAKE_LIBUSB"), &options);
        if (r < 0)
                return LIBUSB_ERROR_INVALID_PARAM;
        memset(&fake.counters, 0, sizeof(fake.counters));
        memset(&fake.calls, 0, sizeof(fake.calls));
        memset(&fake.device, 0, sizeof(fake.device));
        fake.options = options;
        fake.allocations = 0;
        fake.bytes_in_flight = 0;
        fake.random = options.random;
        fake.generation = generation + 1;
        /* Once: it is most of the work here. */
        for (size_t i = 0; generation == 0 && i < sizeof(fake.pattern); i++)
                fake.pattern[i] = (uint8_t)(i ^ i >> 8);
        model_build(&fake.device.model, &options);
        device_set_configuration(&fake.device, (uint8_t)options.configuration);
        if (options.kernel_driver == KERNEL_DRIVER_DETACHED)
                memset(fake.device.driver, 0, sizeof(fake.device.driver));
        return 0;
}

static struct libusb_context *context_free(struct libusb_context *context)
{
        if (!context)
                return NULL;
        if (context->event_fd >= 0)
                close(context->event_fd);
        if (context->timer_fd >= 0)
                close(context->timer_fd);
        if (context->device_fd >= 0)
                close(context->device_fd);
        pthread_mutex_destroy(&context->event_lock);
        free(context);
        return NULL;
}

static int context_new(struct libusb_context **ret_context)
{
        struct libusb_context *context;

        context = calloc(1, sizeof(*context));
        if (!context)
                return LIBUSB_ERROR_NO_MEM;
        context->device = (struct libusb_device){ .context = context, .references = 1 };
        context->wrapped = (struct libusb_device){ .context = context, .wrapped = true };
        context->discovery = !no_discovery && fake.options.device != DEVICE_NONE;
        context->log_level = first_log_level;
        context->users = 1;
        context->event_fd = context->timer_fd = context->device_fd = -1;
        transfers_init(&context->ready);
        transfers_init(&context->waiting);
        transfers_init(&context->naked);
        pthread_mutex_init(&context->event_lock, NULL);
        context->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        context->device_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fake.options.timeouts_by_fd)
                context->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (context->event_fd < 0 || context->device_fd < 0 ||
            (fake.options.timeouts_by_fd && context->timer_fd < 0)) {
                context_free(context);
                return LIBUSB_ERROR_OTHER;
        }
        *ret_context = context;
        return 0;
}

static int context_init(libusb_context **ret_context)
{
        struct libusb_context *context;
        int r = 0;

        if (!fake.contexts)
                r = fake_start();
        if (!r)
                r = fault_check(FUNCTION_init);
        if (r)
                return r;
        fake.contexts++;
        if (!ret_context && fake.default_context) {
                fake.default_context->users++;
                return 0;
        }
        r = context_new(&context);
        if (r < 0) {
                fake.contexts--;
                return r;
        }
        if (ret_context)
                *ret_context = context;
        else
                fake.default_context = context;
        return 0;
}

int libusb_init(libusb_context **ret_context)
{
        int r;

        fake_lock();
        r = context_init(ret_context);
        fake_unlock();
        return r;
}

void libusb_exit(libusb_context *context)
{
        bool last;

        context = context_get(context);
        if (!context)
                return;
        fake_lock();
        last = --context->users == 0;
        if (last && context->handles)
                misuse(context, "exit with %u open handles", context->handles);
        if (--fake.contexts == 0)
                report_write();
        if (last && fake.default_context == context)
                fake.default_context = NULL;
        fake_unlock();
        if (last)
                context_free(context);
}

/* A program that ends without libusb_exit() is reported too. */
__attribute__((destructor)) static void fake_end(void)
{
        if (fake.contexts)
                report_write();
}

static int log_level_set(struct libusb_context *context, int level)
{
        if (level < LIBUSB_LOG_LEVEL_NONE || level > LIBUSB_LOG_LEVEL_DEBUG)
                return LIBUSB_ERROR_INVALID_PARAM;
        if (context)
                context->log_level = level;
        else
                first_log_level = level;
        return 0;
}

int libusb_set_option(libusb_context *context, enum libusb_option option, ...)
{
        va_list arguments;
        int r;

        context = context_get(context);
        switch (option) {
        case LIBUSB_OPTION_LOG_LEVEL:
                va_start(arguments, option);
                r = log_level_set(context, va_arg(arguments, int));
                va_end(arguments);
                return r;
        case LIBUSB_OPTION_NO_DEVICE_DISCOVERY:
                if (context)
                        context->discovery = false;
                else
                        no_discovery = true;
                return 0;
        case LIBUSB_OPTION_USE_USBDK: return LIBUSB_ERROR_NOT_SUPPORTED;
        case LIBUSB_OPTION_MAX: break;
        }
        return LIBUSB_ERROR_INVALID_PARAM;
}

void libusb_set_debug(libusb_context *context, int level)
{
        log_level_set(context_get(context), level);
}

void libusb_set_log_cb(libusb_context *context, libusb_log_cb callback, int mode)
{
        context = context_get(context);
        if (context)
                context->log = callback;
}

int libusb_setlocale(const char *locale)
{
        return locale ? LIBUSB_SUCCESS : LIBUSB_ERROR_INVALID_PARAM;
}

const struct libusb_version *libusb_get_version(void)
{
        static const struct libusb_version version = { 1, 0, 26, 11724, "-fake", "fake-libusb" };

        return &version;
}

/* No hotplug: neither the session nor upstream's tools ask for it. */
int libusb_has_capability(uint32_t capability)
{
        return capability == LIBUSB_CAP_HAS_CAPABILITY ||
               capability == LIBUSB_CAP_SUPPORTS_DETACH_KERNEL_DRIVER;
}
